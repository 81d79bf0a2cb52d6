import { page } from '../../support/html.js'
import { as, servedCast } from '../../support/served-cast.js'

/** A person's network in a browser, at the address of the feed. */

const { send } = servedCast()
const html = { accept: 'text/html' }
const list = (more: string) => `/profiles/atom/connections.do?connectionType=colleague${more}`
const get = (path: string, name?: string) => send(path, { headers: html, ...(name && { as: as(name) }) })

test("the user's own network shows the length of each list", async () => {
  const { status, headers, text } = await get(list('&sortBy=displayName'), 'ann')
  expect([status, headers['content-type']]).toEqual([200, 'text/html;charset=UTF-8'])
  expect(headers['vary']).toBe('Accept, Accept-Encoding, Authorization, Cookie')
  expect(headers['cache-control']).toBe('private, no-cache')
  const { texts, attributes } = page(text)
  expect(texts('h1')).toEqual(['My network'])
  expect(texts('.tabs a')).toEqual(['Colleagues 8', 'Invitations 2', 'Sent invitations 1'])
  expect(attributes('.tabs a[aria-current]', 'href')).toEqual([
    '../atom/connections.do?connectionType=colleague&status=accepted&sortBy=displayName&ps=30',
  ])
  expect(texts('.h-feed .h-entry .h-card a.u-url.p-name')).toHaveLength(8)
  expect(texts('form[action$="remove.do"] input[name=connectionId]')).toHaveLength(8)
})

test("a microformats parser finds the feed's data in each entry", async () => {
  const { attributes, texts } = page((await get(list('&status=pending'), 'ann')).text)
  expect(attributes('.h-entry > .p-name', 'value')).toEqual(['जया शर्मा', 'דליה כהן'])
  expect(attributes('.h-entry > .u-url', 'value')).toEqual(attributes('.p-author a.u-url', 'href'))
  expect(texts('.h-entry .e-content')).toEqual(['Please accept.\n\n– שלום ]]>'])
  expect(attributes('.h-entry .dt-updated', 'datetime')).toEqual([
    '2026-05-20T18:00:00.000Z',
    '2026-03-01T07:00:00.000Z',
  ])
})

test('the menu marks the current page', async () => {
  const current = async (path: string) => page((await get(path, 'ann')).text).texts('header nav a[aria-current=page]')
  const { attributes } = page((await get(list(''), 'ann')).text)
  const links = attributes('header nav a', 'href').map((href) => href.replace('..', '/profiles'))
  expect(await Promise.all(links.map(current))).toEqual([
    ['My network'],
    ['Invitations 2'],
    ['Ann Zoë Lindström-O’Neill'],
  ])
  expect(await current('/profiles/atom/search.do?search=a')).toEqual([])
})

test('a pending invitation has its message and buttons to answer', async () => {
  const { text } = await get(list('&status=pending'), 'ann')
  const { texts, attributes } = page(text)
  expect(texts('blockquote')).toEqual(['Please accept.\n\n– שלום ]]>'])
  expect(texts('.h-entry form button')).toEqual(['Accept', 'Decline', 'Accept', 'Decline'])
  expect(attributes('.h-entry form button', 'aria-label')).toContain('Decline the invitation from דליה כהן')
})

test("another person's list has no tabs, buttons and messages", async () => {
  for (const name of [undefined, 'chen']) {
    const { status, text } = await get(list('&userid=ann'), name)
    expect(status).toBe(200)
    const { texts } = page(text)
    expect(texts('h1')).toEqual(['Colleagues of Ann Zoë Lindström-O’Neill'])
    expect([texts('.tabs'), texts('form[action$="remove.do"]'), texts('blockquote')]).toEqual([[], [], []])
  }
})

test.each([
  [list('&userid=ann'), 'the network of Ann Zoë Lindström-O’Neill'],
  ['/profiles/atom/connectionsInCommon.do?userid=ann,bo', 'the networks of Ann Zoë Lindström-O’Neill and Борис Иванов'],
])('%s tells an anonymous user the owner and offers a sign-in; other users see neither', async (path, whose) => {
  const { texts, attributes } = page((await get(path)).text)
  expect(texts('.h-feed > p')[0]).toBe(
    `You are not signed in. This is the public view of ${whose}. Sign in to invite people.`,
  )
  const signIn = `../html/signIn.do?next=${encodeURIComponent(path.replace('/profiles', '..').replace(',', '%2C'))}`
  expect(attributes('.h-feed > p a[href*=signIn]', 'href')).toEqual([signIn])
  expect(texts('footer')).toEqual([
    'This list is also a feed. Add its address to your feed reader. No password is needed. Feed address',
  ])
  const { text } = await get(path, 'lou')
  expect(text).not.toContain('not signed in')
  expect(page(text).texts('footer')[0]).toBe(
    'This list is also a feed. Add its address to your feed reader, with an app password. Feed address' +
      'App passwords Password and sessions',
  )
})

test('the pages of a list link to each other', async () => {
  const seen: string[] = []
  let next: string | undefined = list('&userid=ann&ps=3')
  while (next !== undefined) {
    const { texts, attributes } = page((await get(next)).text)
    seen.push(...texts('.h-entry a.p-name'))
    const [to] = attributes('.paging a[rel=next]', 'href')
    next = to?.replace('..', '/profiles')
  }
  expect(seen).toHaveLength(8)
  expect(new Set(seen).size).toBe(8)
})

test('common colleagues have a page too', async () => {
  const { texts } = page((await get('/profiles/atom/connectionsInCommon.do?userid=ann,bo', 'ann')).text)
  expect(texts('h1')).toEqual(['Colleagues that Ann Zoë Lindström-O’Neill and Борис Иванов have in common'])
  expect(texts('.h-entry')).toHaveLength(2)
  expect(texts('main form')).toEqual([])
})

test('a program finds the feed at the same address', async () => {
  // The feed's default order and first page, since readers poll for news only.
  const { text } = await get(list('&userid=ann&sortBy=displayName&sortOrder=asc&ps=5&page=1&done=accepted'))
  const { attributes, texts } = page(text)
  const feed = '../atom/connections.do?connectionType=colleague&userid=ann'
  expect(attributes('link[rel=alternate][type="application/atom+xml"]', 'href')).toEqual([feed])
  expect(attributes('footer a', 'href')).toEqual([feed])
  expect(texts('[role=status]')).toEqual(['You are now connected.'])
})

test('a browser with a current page gets 304, until something changes', async () => {
  const { headers } = await get(list(''), 'chen')
  const again = () => send(list(''), { as: as('chen'), headers: { ...html, 'if-none-match': String(headers.etag) } })
  const fresh = await again()
  expect([fresh.status, fresh.text, fresh.headers['content-security-policy']]).toEqual([
    304,
    '',
    headers['content-security-policy'],
  ])
  const feed = await send(list(''), { as: as('chen'), headers: { 'if-none-match': String(headers.etag) } })
  expect(feed.status).toBe(200)
  await send('/profiles/atom/connections.do?connectionType=colleague&userid=chen', {
    method: 'POST',
    as: as('lou'),
    body: '<entry xmlns="http://www.w3.org/2005/Atom"/>',
  })
  expect((await again()).status).toBe(200)
})

test("/ redirects to the user's network, and anonymous users to the sign-in", async () => {
  const home = await get('/')
  expect([home.status, home.headers.location]).toEqual([
    303,
    'profiles/atom/connections.do?connectionType=colleague&status=accepted&sortBy=displayName&ps=30',
  ])
  const led = await get(list('&status=pending'))
  expect([led.status, led.headers.location, led.headers['www-authenticate']]).toEqual([
    303,
    '../html/signIn.do?next=..%2Fatom%2Fconnections.do%3FconnectionType%3Dcolleague%26status%3Dpending',
    undefined,
  ])
})

test.each([
  ['&userid=nobody', undefined, 400, 'There is no such person.'],
  ['&status=pending&userid=bo', 'ann', 403, 'Only the owner can see their pending invitations.'],
  ['&since=yesterday', 'ann', 400, 'The parameter since must be an RFC 3339 date-time'],
])('%s, requested by %s, is refused on a page: %d', async (more, name, expected, sentence) => {
  const { status, headers, text } = await get(list(more), name)
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([
    expected,
    'text/html;charset=UTF-8',
    'no-store',
  ])
  expect(page(text).texts('main p')[0]).toContain(sentence)
})

test('a wrong password gets a challenge, in a browser too', async () => {
  const { status, headers } = await send(list(''), { as: 'ann:wrong-password', headers: html })
  expect([status, headers['www-authenticate']]).toEqual([401, 'Basic realm="connections", charset="UTF-8"'])
})
