import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { appPasswordOf } from '../support/app-passwords.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { openVisitor, signIn } from '../support/visitor.js'
import { addPerson, signInSecret } from '../support/world.js'

/** The limits and logs of sign-ins apply to the form too. */
let database: TestDatabase
let client: Client
let peer = '127.0.0.1'
beforeAll(async () => {
  database = await freshDatabase()
  await addPerson(database.db, 'ann', { password: signInSecret })
  client = await startClient(database.db)
  client.server.on('connection', (socket: Socket) => Object.defineProperty(socket, 'remoteAddress', { value: peer }))
})
afterAll(async () => {
  await client.close()
  await database.close()
})
beforeEach(async () => {
  peer = '127.0.0.1'
  await database.db.deleteFrom('wrong_try').execute()
})

const byForm = (user: string, password: string) =>
  client.send('/profiles/html/signIn.do', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'text/html' },
    body: new URLSearchParams({ user, password }).toString(),
  })

test('failures by form and by Basic count together (A7)', async () => {
  for (const password of ['one', 'two']) expect((await byForm('ann', password)).status).toBe(401)
  const path = '/atom/connections.do?connectionType=colleague'
  for (const password of ['three', 'four']) {
    expect((await client.send(path, { as: `ann:${password}` })).status).toBe(401)
  }
  const refused = await byForm('ann', 'five')
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1'])
  expect(refused.headers['content-type']).toMatch(/^text\/html/)
  expect(refused.text).toContain('Too many wrong passwords. Please wait 1 second before the next try.')
  expect(refused.headers).not.toHaveProperty('set-cookie')
})

test('a form password over plain HTTP is ignored (A1)', async () => {
  peer = '198.51.100.7'
  for (const password of ['colleagues', 'another password']) {
    const refused = await byForm('ann', password)
    expect(refused.status).toBe(403)
    expect(refused.headers).not.toHaveProperty('set-cookie')
  }
  expect(await database.db.selectFrom('wrong_try').select('key').execute()).toEqual([])
})

test('an app password opens no session and is not counted', async () => {
  const { secret } = await appPasswordOf(database.db, 'ann')
  expect((await byForm('ann', secret)).status).toBe(401)
  expect(await database.db.selectFrom('wrong_try').select('key').execute()).toEqual([])
  expect((await byForm('ann', 'colleagues')).status).toBe(303)
})

test('a failed form sign-in is logged once without its input (L2)', async () => {
  const before = client.logged().length
  await byForm('ann', 'my other password')
  const lines = client.logged().slice(before)
  const refusals = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'refused')
  expect(refusals).toMatchObject([{ status: 401, reason: 'wrong password', account: expect.any(String) }])
  expect(lines.join('\n')).not.toContain('my other password')
})

test('sign-ins, sign-outs and app password changes are logged with time and address (L2)', async () => {
  const before = client.logged().length
  const browser = openVisitor(client.send)
  const { id: account } = await database.db.selectFrom('account').select('id').executeTakeFirstOrThrow()
  expect((await signIn(browser, 'ann')).status).toBe(303)
  const appPassword = randomUUID()
  const made = await browser.post('/profiles/html/appPasswords.do', { form: appPassword, name: 'Reader' })
  await browser.post('/profiles/html/revoke.do', { id: appPassword })
  await browser.post('/profiles/html/signOut.do', {})
  await signIn(browser, 'ann')
  await browser.post('/profiles/html/signOut.do', { everywhere: 'true' })
  await browser.post('/profiles/html/signOut.do', {})
  const lines = client.logged().slice(before)
  const noted = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg !== 'request')
  const from = { account, from: peer, time: expect.any(Number), id: expect.any(String) }
  expect(noted).toMatchObject([
    { msg: 'signed in', ...from },
    { msg: 'app password made', appPassword, ...from },
    { msg: 'app password revoked', appPassword, ...from },
    { msg: 'signed out', sessions: 'this', ...from },
    { msg: 'signed in', ...from },
    { msg: 'signed out', sessions: 'all', ...from },
  ])
  const secret = /cnx_\w+/.exec(made.text)?.[0] as string
  expect(lines.join('\n')).not.toContain(secret)
  expect(lines.join('\n')).not.toContain('Reader')
})

test('a session survives a new cookie key and ends with the old key', async () => {
  const browser = openVisitor(client.send)
  await signIn(browser, 'ann')
  const statusWith = async (...keys: string[]) => {
    const other = await startClient(database.db, {}, undefined, 'test', undefined, undefined, keys)
    const { status } = await openVisitor(other.send, browser.cookie()).send('/profiles/html/appPasswords.do')
    await other.close()
    return status
  }
  expect(await statusWith('a new key', 'a key of tests')).toBe(200)
  expect(await statusWith('a new key')).toBe(401)
})
