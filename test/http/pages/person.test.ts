import { page } from '../../support/html.js'
import { as, servedCast } from '../../support/served-cast.js'

/** The page for browsers that every entry links to. */

const { send } = servedCast()
const get = (query: string, name?: string) =>
  send(`/profiles/html/profileView.do?${query}`, name === undefined ? {} : { as: as(name) })

test('shows the profile and links to the rest', async () => {
  const { status, headers, text } = await get('key=87e6f815-95b6-49c7-a16b-3021a32a7420', 'ann')
  expect([status, headers['content-type']]).toEqual([200, 'text/html;charset=UTF-8'])
  const { attributes, texts } = page(text)
  expect(attributes('html', 'lang')).toEqual(['en'])
  expect(texts('h1')).toEqual(['Ann Zoë Lindström-O’Neill'])
  expect(texts('dt')).toContain('Organization')
  const hrefs = [...attributes('[href]', 'href'), ...attributes('[src]', 'src')]
  expect(hrefs.length).toBeGreaterThan(5)
  for (const href of hrefs.filter((each) => each.startsWith('..') && !/password/i.test(each))) {
    const { pathname, search } = new URL(href, 'http://server/profiles/html/profileView.do')
    expect([href, (await send(pathname + search, { as: as('ann') })).status]).toEqual([href, 200])
  }
})

test('a microformats parser finds one complete card, without the photos of others', async () => {
  const { attributes, texts } = page((await get('userid=ann', 'chen')).text)
  expect(attributes('.h-card > .u-url', 'value')).toEqual([
    '../html/profileView.do?key=87e6f815-95b6-49c7-a16b-3021a32a7420',
  ])
  const values = ['p-name', 'u-email', 'p-job-title', 'p-org', 'p-locality', 'p-country-name'].map((name) =>
    texts(`.h-card .${name}`),
  )
  expect(values).toEqual([
    ['Ann Zoë Lindström-O’Neill'],
    ['ann@example.com'],
    ['Principal Chemist'],
    ['Research & Development'],
    ['Malmö'],
    ['Sweden'],
  ])
  expect(texts('.h-card .p-tel')).toEqual(['+46 40 555 01 01', '+46 70 555 01 02'])
  expect(texts('.h-card .p-category')).toEqual(['catalysis', 'green-chemistry', 'åland', 'c++'])
  expect([attributes('.u-photo', 'src').length > 1, attributes('.h-card .u-photo', 'src')]).toEqual([
    true,
    [expect.stringContaining('key=87e6f815')],
  ])
})

test('a name that looks like markup stays a name', async () => {
  const { text } = await get('userid=greta')
  expect(page(text).texts('h1')).toEqual(['Greta &copy; <Groß>'])
})

test('nothing runs or loads but files and pictures of the server', async () => {
  const { headers, text } = await get('userid=ann')
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; " +
      "base-uri 'none'; frame-ancestors 'none'",
  )
  expect(text).not.toMatch(/<style|<script(?! src="\.\.\/html\/)|style=|\son\w+=/)
})

test('a conditional request gets the same policy', async () => {
  const { headers } = await get('userid=ann')
  const fresh = await send('/profiles/html/profileView.do?userid=ann', {
    headers: { 'if-none-match': String(headers.etag) },
  })
  expect(fresh.status).toBe(304)
  expect(fresh.headers['content-security-policy']).toBe(headers['content-security-policy'])
})

test('every link of a profile entry works', async () => {
  const { text } = await send('/profiles/atom/profileEntry.do?userid=ann')
  const hrefs = Array.from(
    text.matchAll(/<link href="https:\/\/connections\.example([^"]*)"/g),
    ([, href = '']) => href,
  )
  expect(hrefs.length).toBeGreaterThanOrEqual(5)
  for (const href of hrefs) expect([href, (await send(href.replaceAll('&amp;', '&'))).status]).toEqual([href, 200])
})

test.each([
  ['userid=nobody', undefined, 404],
  ['', undefined, 401],
  ['', 'ann', 200],
])('%s, requested by %s: %d', async (query, name, status) => {
  expect((await get(query, name)).status).toBe(status)
})
