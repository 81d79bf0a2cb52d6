import type { CompiledQuery } from 'kysely'
import { sql } from 'kysely'
import { revokeAppPassword } from '../../src/identity/app-password.js'
import { setPassword } from '../../src/identity/credential-store.js'
import { hashPassword } from '../../src/identity/password.js'
import { findSignIn, findStamp } from '../../src/identity/sign-in-store.js'
import { changeRole } from '../../src/people/change-store.js'
import type { ImportedPerson } from '../../src/people/merge.js'
import { importPerson } from '../../src/transfer/import.js'
import { appPasswordOf } from '../support/app-passwords.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson, signInSecret } from '../support/world.js'

/** Two servers that remember the sender of credentials (docs/trust.md, A8; A11). */

const list = '/profiles/atom/connections.do?connectionType=colleague'
const admins = '/profiles/admin/atom/connections.do?userid=ann'

let database: TestDatabase
let servers: Client[]
let ann: string
beforeAll(async () => {
  database = await freshDatabase()
  // The time stands still, so nothing is forgotten because of its age.
  const now = new Date()
  const settings = { TRUST_PROXY: '127.0.0.1', REQUESTS_PER_MINUTE: '1000000' }
  servers = [await startClient(database.db, settings, () => now), await startClient(database.db, settings, () => now)]
})
afterAll(async () => {
  for (const server of servers) await server.close()
  await database.close()
})
beforeEach(async () => {
  await database.db.deleteFrom('account').execute()
  await database.db.deleteFrom('wrong_try').execute()
  ann = await addPerson(database.db, 'ann', { password: signInSecret })
})
afterEach(() => jest.restoreAllMocks())

const basic = (password: string, user = 'ann') => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** The statuses of both servers. */
async function ask(authorization: string, { path = list, method = 'GET', from = '' } = {}): Promise<number[]> {
  const network: Record<string, string> = from === '' ? {} : { 'x-forwarded-for': from, 'x-forwarded-proto': 'https' }
  const answers = await Promise.all(
    servers.map(({ send }) => send(path, { method, headers: { authorization, ...network } })),
  )
  return answers.map(({ status }) => status)
}

/** Whether both servers know the sender: then none looks up the secret. */
async function isKnown(authorization: string, more = {}): Promise<boolean> {
  const run = jest.spyOn(database.db, 'executeQuery')
  await ask(authorization, more)
  const statements = run.mock.calls.map(([query]) => (query as CompiledQuery).sql)
  run.mockRestore()
  const full = statements.filter((text) => text.includes('"credential"."secret"'))
  return full.length === 0 && statements.some((text) => text.includes('credential.xmin'))
}

/** Sends credentials until both servers know them. The first use of an app password is recorded, and so changes it. */
async function makeKnown(authorization: string, more = {}): Promise<void> {
  for (let time = 0; time < 4; time++) expect(await ask(authorization, more)).toEqual([200, 200])
  expect(await isKnown(authorization, more)).toBe(true)
}

const change = (more: Partial<ImportedPerson>) => {
  const moment = new Date()
  return importPerson(database.db, { userId: 'ann', updated: moment, seen: moment, decides: true, ...more })
}

test('known credentials cost one look-up, which both checks of a request share', async () => {
  const { secret } = await appPasswordOf(database.db, 'ann')
  for (const credentials of [basic('colleagues'), basic(secret), `Bearer ${secret}`]) await makeKnown(credentials)
})

test('credentials are known from one network only, and wrong ones never', async () => {
  const known = basic('colleagues')
  await makeKnown(known)
  expect(await isKnown(known, { from: '192.0.2.1' })).toBe(false)
  await makeKnown(known, { from: '192.0.2.1' })
  const wrong = basic('colleagues', 'bo')
  for (let time = 0; time < 3; time++) expect(await ask(wrong)).toEqual([401, 401])
  expect(await isKnown(wrong)).toBe(false)
})

test('a new password ends the old one with the next request', async () => {
  await makeKnown(basic('colleagues'))
  await setPassword(database.db, ann, await hashPassword('another password'))
  expect(await ask(basic('colleagues'))).toEqual([401, 401])
  expect(await ask(basic('another password'))).toEqual([200, 200])
})

test('a disabled account is refused with the next request, and accepted once it is enabled', async () => {
  const { secret } = await appPasswordOf(database.db, 'ann')
  for (const credentials of [basic('colleagues'), `Bearer ${secret}`]) {
    await makeKnown(credentials)
    await change({ state: 'inactive' })
    expect(await ask(credentials)).toEqual([401, 401])
    await change({ state: 'active' })
    await makeKnown(credentials)
  }
})

test('a deleted account is refused with the next request', async () => {
  await makeKnown(basic('colleagues'))
  await database.db.deleteFrom('account').execute()
  expect(await ask(basic('colleagues'))).toEqual([401, 401])
})

test('a role takes effect and ends with the next request', async () => {
  const credentials = basic('colleagues')
  const right = { method: 'DELETE', path: admins }
  await makeKnown(credentials)
  expect(await ask(credentials, right)).toEqual([403, 403])
  await changeRole(database.db, ann, 'admin', 'add')
  expect(await ask(credentials, right)).toEqual([200, 200])
  await changeRole(database.db, ann, 'admin', 'remove')
  expect(await ask(credentials, right)).toEqual([403, 403])
})

test('a new name is shown with the next request', async () => {
  const credentials = basic('colleagues')
  const page = async () => {
    const headers = { authorization: credentials, accept: 'text/html' }
    const answers = await Promise.all(servers.map(({ send }) => send(list, { headers })))
    return answers.map(({ text }) => text.includes('Renamed'))
  }
  await makeKnown(credentials)
  expect(await page()).toEqual([false, false])
  await change({ name: 'Renamed' })
  expect(await page()).toEqual([true, true])
})

test('a revoked app password ends with the next request, and no other does', async () => {
  const [gone, kept] = [await appPasswordOf(database.db, 'ann'), await appPasswordOf(database.db, 'ann')]
  for (const { secret } of [gone, kept]) await makeKnown(`Bearer ${secret}`)
  await revokeAppPassword(database.db, ann, gone.id)
  expect(await ask(`Bearer ${gone.secret}`)).toEqual([401, 401])
  expect(await isKnown(`Bearer ${kept.secret}`)).toBe(true)
})

test('an expired app password ends with the next request', async () => {
  const { secret, id } = await appPasswordOf(database.db, 'ann', ['read'], new Date(Date.now() + 3_600_000))
  await makeKnown(`Bearer ${secret}`)
  await sql`update credential set expires_at = clock_timestamp() where id = ${id}`.execute(database.db)
  expect(await ask(`Bearer ${secret}`)).toEqual([401, 401])
})

test('the rights of an app password take effect with the next request', async () => {
  const { secret, id } = await appPasswordOf(database.db, 'ann', ['read'])
  const write = { method: 'DELETE', path: '/atom/connection.do?connectionId=00000000-0000-4000-8000-000000000000' }
  await makeKnown(`Bearer ${secret}`)
  expect(await ask(`Bearer ${secret}`, write)).toEqual([403, 403])
  await sql`update credential set scopes = '{write}' where id = ${id}`.execute(database.db)
  expect(await ask(`Bearer ${secret}`)).toEqual([403, 403])
  expect(await ask(`Bearer ${secret}`, write)).not.toContain(403)
})

test('the use of a known app password is recorded once a minute', async () => {
  const { secret, id } = await appPasswordOf(database.db, 'ann')
  const used = async () => {
    const { used_at } = await database.db
      .selectFrom('credential')
      .select('used_at')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return used_at?.getTime()
  }
  const age = async (by: string) => {
    await sql`update credential set used_at = used_at - ${by}::interval where id = ${id}`.execute(database.db)
    return used()
  }
  await makeKnown(`Bearer ${secret}`)
  const first = await used()
  expect(first).toBeDefined()
  await makeKnown(`Bearer ${secret}`)
  expect(await used()).toBe(first)
  const recent = await age('20 seconds')
  await makeKnown(`Bearer ${secret}`)
  expect(await used()).toBe(recent)
  const old = await age('1 minute')
  await makeKnown(`Bearer ${secret}`)
  expect(await used()).toBeGreaterThan(old as number)
})

describe('the stamp of credentials', () => {
  const password = async () => (await findSignIn(database.db, 'ann'))?.proof
  const proofOf = (credentialId: string) => ({ accountId: ann, credentialId })

  test('is that of the sign-in until a row changes', async () => {
    const proof = await password()
    const stamp = () => findStamp(database.db, proof as NonNullable<typeof proof>)
    expect(proof?.stamp).toMatch(/^\d+ \d+$/)
    expect(await stamp()).toBe(proof?.stamp)
    await changeRole(database.db, ann, 'admin', 'add')
    const changed = await stamp()
    expect(changed).not.toBe(proof?.stamp)
    await sql`update credential set secret = secret`.execute(database.db)
    expect(await stamp()).not.toBe(changed)
    await database.db.deleteFrom('credential').execute()
    expect(await stamp()).toBeUndefined()
  })

  test('is absent for an app password that has expired, or whose use has to be recorded', async () => {
    const { id } = await appPasswordOf(database.db, 'ann')
    const stampWith = async (used: string | null, expires: string | null) => {
      const [usedAt, expiresAt] = [used, expires].map((text) => sql`clock_timestamp() + ${text}::interval`)
      await sql`update credential set used_at = ${usedAt}, expires_at = ${expiresAt} where id = ${id}`.execute(
        database.db,
      )
      return findStamp(database.db, proofOf(id))
    }
    expect(await stampWith('0', null)).toMatch(/^\d+ \d+$/)
    expect(await stampWith('-30 seconds', '1 hour')).toMatch(/^\d+ \d+$/)
    expect(await stampWith('-61 seconds', '1 hour')).toBeUndefined()
    expect(await stampWith(null, null)).toBeUndefined()
    expect(await stampWith('0', '-1 ms')).toBeUndefined()
  })

  test('needs no use to be recorded for a password', async () => {
    const proof = await password()
    await sql`update credential set used_at = null`.execute(database.db)
    expect(await findStamp(database.db, proof as NonNullable<typeof proof>)).toMatch(/^\d+ \d+$/)
  })
})
