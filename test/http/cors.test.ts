import { loadCast } from '../../src/transfer/example.js'
import { type Answer, type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { as } from '../support/served-cast.js'

/** Access of pages of other origins (docs/decisions.md, Browsers write only for our own pages). */

const list = '/profiles/atom/connections.do?connectionType=colleague&userid=ann'
const [one, other] = ['https://intranet.example', 'http://localhost:8080']
const stranger = 'https://stranger.example'

let database: TestDatabase
let open: Client
let closed: Client
beforeAll(async () => {
  database = await freshDatabase()
  await loadCast(database.db)
  open = await startClient(database.db, { CORS_ORIGINS: `${one}, ${other}` })
  closed = await startClient(database.db)
})
afterAll(async () => {
  await open.close()
  await closed.close()
  await database.close()
})

const corsFields = ({ headers }: Answer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))

const readable = (origin: string) => ({
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers':
    'ETag,Link,Location,Retry-After,X-Profiles-Connection-Status,X-Profiles-Connection-Type',
})

const asking = (origin: string, sending: Sending = {}): Sending => ({ ...sending, headers: { origin } })
const preflight = (origin: string): Sending => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization' },
})

test.each([one, other])('a page of %s may read every answer', async (origin) => {
  const feed = await open.send(list, asking(origin))
  expect([feed.status, corsFields(feed)]).toEqual([200, readable(origin)])
  expect(feed.headers.vary).toBe('Origin, Accept, Accept-Encoding, Authorization, Cookie')
  const refusal = await open.send(`${list}&status=pending`, asking(origin))
  expect([refusal.status, corsFields(refusal), refusal.headers.vary]).toEqual([401, readable(origin), 'Origin'])
})

test('a 304 has the CORS fields', async () => {
  const { headers } = await open.send(list)
  const answer = await open.send(list, { headers: { origin: one, 'if-none-match': headers.etag as string } })
  expect([answer.status, corsFields(answer)]).toEqual([304, readable(one)])
  expect(answer.headers.vary).toBe('Origin, Accept, Accept-Encoding, Authorization, Cookie')
})

test('the preflight needs no sign-in', async () => {
  const answer = await open.send(list, preflight(one))
  expect([answer.status, answer.text]).toEqual([204, ''])
  expect(corsFields(answer)).toEqual({
    ...readable(one),
    'access-control-allow-methods': 'GET,HEAD,POST,PUT,DELETE',
    'access-control-allow-headers': 'Authorization,Content-Type,If-Match,If-None-Match,If-Modified-Since',
    'access-control-max-age': '600',
  })
  expect(answer.headers.vary).toBe('Origin')
})

describe.each([
  ['an unlisted origin', stranger],
  ['an origin that begins with a listed origin', `${one}.evil.example`],
  ['another port', `${one}:8443`],
  ['another scheme', 'http://intranet.example'],
  ['an opaque origin', 'null'],
])('%s', (_, origin) => {
  test('gets no CORS fields, but Vary: Origin', async () => {
    for (const sending of [asking(origin), preflight(origin)]) {
      const answer = await open.send(list, sending)
      expect([corsFields(answer), answer.headers.vary?.split(',')[0]]).toEqual([{}, 'Origin'])
    }
  })
})

test('a request without Origin gets Vary: Origin', async () => {
  const answer = await open.send(list)
  expect([corsFields(answer), answer.headers.vary?.split(',')[0]]).toEqual([{}, 'Origin'])
})

test('a server without CORS_ORIGINS sends no CORS fields', async () => {
  for (const sending of [asking(one), preflight(one)]) {
    const answer = await closed.send(list, sending)
    expect([corsFields(answer), answer.headers.vary?.includes('Origin') ?? false]).toEqual([{}, false])
  }
})

test('only a page of a listed origin may write', async () => {
  const invite = (client: Client, origin: string, site: string | undefined) =>
    client.send('/profiles/atom/connections.do?connectionType=colleague&userid=lou', {
      method: 'POST',
      as: as('bo'),
      headers: { origin, ...(site && { 'sec-fetch-site': site }) },
      body: connectionEntry('pending'),
    })
  expect((await invite(closed, one, 'cross-site')).status).toBe(403)
  expect((await invite(open, stranger, 'cross-site')).status).toBe(403)
  const written = await invite(open, one, 'cross-site')
  expect([written.status, corsFields(written)]).toEqual([201, readable(one)])
  expect((await invite(open, one, undefined)).status).toBe(400)
})
