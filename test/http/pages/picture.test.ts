import { page } from '../../support/html.js'
import { as, servedCast } from '../../support/served-cast.js'

/** The picture of a person's network. */

const { send } = servedCast()
const get = (query: string, more = {}) => send(`/profiles/html/picture.do${query}`, more)

test('each person of the network appears once, with a link to their page', async () => {
  const { status, headers, text } = await get('?userid=ann')
  expect([status, headers['content-type']]).toEqual([200, 'text/html;charset=UTF-8'])
  const { attributes, texts } = page(text)
  expect(texts('h1')).toEqual(['The network of Ann Zoë Lindström-O’Neill'])
  const names = attributes('svg a', 'aria-label')
  expect(new Set(names).size).toBe(9)
  expect(names).toHaveLength(9)
  expect(names).toContain('Greta &copy; <Groß>')
  for (const href of attributes('svg a', 'href')) {
    expect((await send(href.replace('..', '/profiles'))).status).toBe(200)
  }
})

test('the picture changes with a connection between two colleagues, although the list does not', async () => {
  const first = await get('?userid=ann')
  const again = () => get('?userid=ann', { headers: { 'if-none-match': String(first.headers.etag) } })
  expect((await again()).status).toBe(304)
  const address = '/profiles/atom/connections.do?connectionType=colleague&userid=max'
  const invited = await send(address, {
    method: 'POST',
    as: as('kit'),
    body: '<entry xmlns="http://www.w3.org/2005/Atom"/>',
  })
  expect(invited.status).toBe(201)
  expect((await again()).status).toBe(304)
  await send(String(invited.headers.location).replace('https://connections.example', ''), {
    method: 'PUT',
    as: as('max'),
    body:
      '<entry xmlns="http://www.w3.org/2005/Atom">' +
      '<category scheme="http://www.ibm.com/xmlns/prod/sn/status" term="accepted"/></entry>',
  })
  expect((await again()).status).toBe(200)
})

test.each([
  ['', undefined, 401],
  ['', 'lou', 200],
  ['?userid=nobody', undefined, 400],
])('%j, requested by %s: %d', async (query, name, status) => {
  expect((await get(query, name ? { as: as(name) } : {})).status).toBe(status)
})
