import { sql } from 'kysely'
import { baseUrl, type Client, type Send, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { type Visitor, openVisitor, signIn } from '../support/visitor.js'
import { addPerson, connect, signInSecret } from '../support/world.js'

/** Writes of a browser, with a session and with Basic. Browsers resend both by themselves (docs/trust.md, A9). */

let database: TestDatabase
let client: Client
let browser: Visitor
let id: string
beforeAll(async () => {
  database = await freshDatabase()
  for (const name of ['ann', 'bo', 'cy']) await addPerson(database.db, name, { password: signInSecret })
  client = await startClient(database.db)
  browser = openVisitor(client.send)
  expect((await signIn(browser, 'ann')).status).toBe(303)
})
beforeEach(async () => {
  await database.db.deleteFrom('colleague').execute()
  await database.db.deleteFrom('connection').execute()
  await database.db.updateTable('network').set({ total: 0 }).execute()
  const { rows } = await sql<{
    id: string
  }>`select id from account where user_id in ('ann', 'bo') order by user_id`.execute(database.db)
  const [ann = '', bo = ''] = rows.map((row) => row.id)
  await connect(database.db, bo, ann, 'invited')
  const view = await database.db.selectFrom('colleague').select('id').where('owner_id', '=', ann).executeTakeFirst()
  id = view?.id as string
})
afterAll(async () => {
  await client.close()
  await database.close()
})

/** The writes, with their statuses if they are allowed. */
const writes = (): Record<string, [path: string, sending: Sending, status: number]> => ({
  POST: ['connections.do?userid=cy', { method: 'POST', body: connectionEntry('pending') }, 201],
  PUT: [`connection.do?connectionId=${id}`, { method: 'PUT', body: connectionEntry('accepted') }, 200],
  DELETE: [`connection.do?connectionId=${id}`, { method: 'DELETE' }, 200],
})
const statuses = () => database.db.selectFrom('colleague').select('status').orderBy('status').execute()

const cases: [name: string, fields: Record<string, string>, byCookie: boolean, byBasic: boolean][] = [
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, false, false],
  ['another site without an origin', { 'sec-fetch-site': 'cross-site' }, false, false],
  ['a neighbouring site', { 'sec-fetch-site': 'same-site', origin: 'https://www.connections.example' }, false, false],
  ['another site with our origin', { 'sec-fetch-site': 'cross-site', origin: baseUrl }, false, false],
  ['another site, by an older browser', { origin: 'https://evil.example' }, false, false],
  ['an opaque origin, by an older browser', { origin: 'null' }, false, false],
  ['our site by another scheme', { origin: 'http://connections.example' }, false, false],
  ['our own site', { 'sec-fetch-site': 'same-origin', origin: baseUrl }, true, true],
  ['the address bar', { 'sec-fetch-site': 'none' }, true, true],
  ['our own site, by an older browser', { origin: baseUrl }, true, true],
  ['a program', {}, false, true],
]

describe.each(['POST', 'PUT', 'DELETE'])('%s (A9)', (method) => {
  const check = async (send: Send, more: Sending, isLetIn: boolean) => {
    const [path, sending, status] = writes()[method] as [string, Sending, number]
    const before = await statuses()
    const answer = await send(`/profiles/atom/${path}`, { ...sending, ...more })
    expect(answer.status).toBe(isLetIn ? status : 403)
    if (isLetIn) expect(await statuses()).not.toEqual(before)
    else expect(await statuses()).toEqual(before)
  }
  test.each(cases)('with a session, from %s', (_, headers, isLetIn) => check(browser.send, { headers }, isLetIn))
  test.each(cases)('with Basic, from %s', (_, headers, __, isLetIn) =>
    check(client.send, { headers, as: 'ann:colleagues' }, isLetIn),
  )
})

test('other sites may read (A9)', async () => {
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  const path = '/profiles/atom/connections.do?connectionType=colleague'
  expect((await browser.send(path, { headers })).status).toBe(200)
  expect((await client.send(path, { as: 'ann:colleagues', headers })).status).toBe(200)
})

test.each(['signIn', 'signOut'])('another site cannot make a browser %s (A9)', async (name) => {
  const fields = { user: 'bo', password: 'colleagues' }
  const before = browser.cookie()
  const answer = await browser.post(`/profiles/html/${name}.do`, fields, {
    headers: { 'sec-fetch-site': 'cross-site' },
  })
  expect([answer.status, answer.headers['set-cookie'], browser.cookie()]).toEqual([403, undefined, before])
  expect((await browser.send('/profiles/atom/connections.do?connectionType=colleague')).text).toContain(
    'Connections of ann',
  )
})

test('a request with Authorization and a cookie is not from a browser by itself (A9)', async () => {
  const [path, sending, status] = writes()['DELETE'] as [string, Sending, number]
  const answer = await browser.send(`/profiles/atom/${path}`, { ...sending, as: 'ann:colleagues' })
  expect(answer.status).toBe(status)
})

describe('an answer to one person (Z4)', () => {
  const list = '/profiles/atom/connections.do?connectionType=colleague&userid=ann&inclPendingCount=true'

  test('is not fresh for viewers with other rights', async () => {
    const own = await browser.send(list)
    expect(own.headers).toMatchObject({
      'cache-control': 'private, no-cache',
      vary: 'Accept, Accept-Encoding, Authorization, Cookie',
    })
    const headers = { 'if-none-match': own.headers.etag as string }
    expect((await browser.send(list, { headers })).status).toBe(304)
    expect((await client.send(list, { headers, as: 'ann:colleagues' })).status).toBe(304)
    for (const other of [{ as: 'bo:colleagues' }, {}]) {
      const answer = await client.send(list, { headers, ...other })
      expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'private, no-cache'])
      expect(answer.text).not.toBe(own.text)
    }
  })

  test('is refused to others despite its ETag', async () => {
    const path = '/profiles/atom/connections.do?connectionType=colleague&userid=ann&status=pending'
    const { headers } = await browser.send(path)
    const again = { 'if-none-match': headers.etag as string }
    expect((await client.send(path, { headers: again, as: 'bo:colleagues' })).status).toBe(403)
    expect((await client.send(path, { headers: again })).status).toBe(401)
  })
})
