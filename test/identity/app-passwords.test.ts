import { pino } from 'pino'
import { appSecretHash, listAppPasswords, newAppSecret, revokeAppPassword } from '../../src/identity/app-password.js'
import { signInByApp } from '../../src/identity/authenticate.js'
import { appPasswordOf } from '../support/app-passwords.js'
import { listenTo } from '../support/argon2.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { openModule } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

const verify = listenTo('verify')

let database: TestDatabase
let client: Client
let ann: string
beforeAll(async () => {
  database = await freshDatabase()
  ann = await addPerson(database.db, 'ann', { login: 'annie', password: signInSecret })
  await addPerson(database.db, 'bo', { login: 'bobby' })
  client = await startClient(database.db, {}, undefined, undefined, (await openModule(database)).world)
})
afterAll(async () => {
  await client.close()
  await database.close()
})
beforeEach(async () => {
  verify.mockClear()
  await database.db.deleteFrom('credential').where('kind', '=', 'app').execute()
})

const own = 'connections.do?connectionType=colleague&status=pending'
const prefixes = ['/profiles/atom/', '/profiles/basic/atom/', '/profiles/oauth/atom/', '/profiles/form/atom/', '/atom/']

describe.each([...prefixes.map((prefix) => prefix + own), '/v2/connections'])('%s', (path) => {
  test('accepts an app password as a bearer token, and with each sign-in name', async () => {
    const { secret, bearer } = await appPasswordOf(database.db, 'ann')
    const scheme = { headers: { authorization: `bearer   ${secret}` } }
    const names = ['ann', 'annie', 'ann@example.com', 'ANN@Example.COM'].map((name) => ({ as: `${name}:${secret}` }))
    for (const sending of [bearer, scheme, ...names]) expect((await client.send(path, sending)).status).toBe(200)
    for (const name of ['bo', 'bobby', 'bo@example.com', 'nobody', 'ANN', 'an\uFFFDn']) {
      expect((await client.send(path, { as: `${name}:${secret}` })).status).toBe(401)
    }
    expect(verify).not.toHaveBeenCalled()
  })
})

test('the database stores a hash of an app password', async () => {
  const { secret, id } = await appPasswordOf(database.db, 'ann')
  const rows = await database.db.selectFrom('credential').selectAll().where('id', '=', id).execute()
  expect(rows).toMatchObject([{ secret: appSecretHash(secret), kind: 'app' }])
  expect(JSON.stringify(rows)).not.toContain(secret)
})

test('several app passwords of a person all work', async () => {
  const all = [await appPasswordOf(database.db, 'ann'), await appPasswordOf(database.db, 'ann')]
  for (const { bearer } of all) expect((await client.send(`/atom/${own}`, bearer)).status).toBe(200)
  expect((await client.send(`/atom/${own}`, { as: 'ann:colleagues' })).status).toBe(200)
})

test('a person may have a hundred app passwords, also of concurrent ones', async () => {
  for (let made = 0; made < 98; made++) await appPasswordOf(database.db, 'ann')
  const last = await Promise.allSettled(Array.from({ length: 5 }, () => appPasswordOf(database.db, 'ann')))
  expect(last.map(({ status }) => status).sort()).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
    'rejected',
  ])
  const sentence = 'An account may have at most 100 app passwords; revoke one that is unused.'
  await expect(appPasswordOf(database.db, 'ann')).rejects.toMatchObject({ code: 'invalid', message: sentence })
  const [{ id } = { id: '' }] = await listAppPasswords(database.db, ann)
  await revokeAppPassword(database.db, ann, id)
  await appPasswordOf(database.db, 'ann')
  expect(await listAppPasswords(database.db, ann)).toHaveLength(100)
})

test('a mistyped app password costs no query', async () => {
  const secret = newAppSecret().replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  const nowhere = { db: undefined as never, log: pino({ level: 'silent' }) }
  for (const name of ['ann', null]) {
    await expect(signInByApp(nowhere, secret, name)).rejects.toMatchObject({ code: 'unauthenticated' })
  }
})

test('wrong app passwords are not counted against the account', async () => {
  for (let time = 0; time < 6; time++) {
    expect((await client.send(`/atom/${own}`, { as: `ann:${newAppSecret()}` })).status).toBe(401)
  }
  expect(await database.db.selectFrom('wrong_try').select('key').execute()).toEqual([])
})

test('an app password works until it expires', async () => {
  const { id, bearer } = await appPasswordOf(database.db, 'ann', ['read'], new Date(Date.now() + 60_000))
  expect((await client.send(`/atom/${own}`, bearer)).status).toBe(200)
  await database.db.updateTable('credential').set({ expires_at: new Date() }).where('id', '=', id).execute()
  expect((await client.send(`/atom/${own}`, bearer)).status).toBe(401)
})

test('the use of an app password is recorded once a minute', async () => {
  const { id, bearer } = await appPasswordOf(database.db, 'ann')
  const used = async () => (await listAppPasswords(database.db, ann)).find((each) => each.id === id)?.used ?? null
  expect(await used()).toBeNull()
  await Promise.all(Array.from({ length: 5 }, () => client.send(`/atom/${own}`, bearer)))
  const first = await used()
  expect(first).toBeInstanceOf(Date)
  await client.send(`/atom/${own}`, bearer)
  expect(await used()).toEqual(first)
  const longAgo = new Date(Date.now() - 61_000)
  await database.db.updateTable('credential').set({ used_at: longAgo }).where('id', '=', id).execute()
  await client.send(`/atom/${own}`, bearer)
  expect((await used())?.getTime()).toBeGreaterThan(longAgo.getTime())
})

describe('scopes', () => {
  const reads: [string, string][] = [
    ['GET', `/profiles/atom/${own}`],
    ['HEAD', `/profiles/atom/${own}`],
    ['GET', '/profiles/atom/profile.do?userid=bo'],
    ['GET', '/v2/connections'],
  ]
  const writes: [string, string][] = [
    ['POST', '/profiles/atom/connections.do?connectionType=colleague&userid=bo'],
    ['POST', '/profiles/atom/connection.do?connectionType=colleague&userid=bo'],
    ['PUT', '/profiles/atom/connection.do?connectionId=0190cafe-0000-7000-8000-000000000001'],
    ['DELETE', '/profiles/atom/connection.do?connectionId=0190cafe-0000-7000-8000-000000000001'],
    ['PUT', '/profiles/admin/atom/connections.do?action=complete&sourceUserid=ann&targetUserid=bo'],
    ['DELETE', '/profiles/admin/atom/connections.do?userid=bo'],
    ['POST', '/v2/connections/0123456789abcdefghijklmnopqrstuv'],
    ['POST', '/v2/accounts/0190cafe-0000-7000-8000-000000000001/connections'],
    ['DELETE', '/v2/connections/0190cafe-0000-7000-8000-000000000001'],
  ]

  test.each(writes)('the read scope does not allow %s %s', async (method, path) => {
    const { bearer } = await appPasswordOf(database.db, 'ann', ['read'])
    const { status, text, headers } = await client.send(path, {
      ...bearer,
      method,
      ...(method !== 'DELETE' && { body: connectionEntry('pending') }),
    })
    expect(status).toBe(403)
    expect(text).toContain('This app password lacks the scope write; use one with this scope.')
    expect(headers).not.toHaveProperty('www-authenticate')
  })

  test.each(reads)('the write scope does not allow %s %s', async (method, path) => {
    const { bearer } = await appPasswordOf(database.db, 'ann', ['write'])
    expect((await client.send(path, { ...bearer, method })).status).toBe(403)
    expect((await client.send(path, { ...(await appPasswordOf(database.db, 'ann')).bearer, method })).status).toBe(200)
  })

  test('the write scope allows an invitation', async () => {
    const { bearer } = await appPasswordOf(database.db, 'ann', ['write'])
    const [method, path] = writes[0] as [string, string]
    const { status } = await client.send(path, { ...bearer, method, body: connectionEntry('pending') })
    expect(status).toBe(201)
  })
})
