import { sql } from 'kysely'
import { validate, version } from 'uuid'
import { setPassword } from '../../src/identity/credential-store.js'
import { findSignIn } from '../../src/identity/sign-in-store.js'
import type { PersonRef } from '../../src/people/account.js'
import { addAccount, changeRole, type NewAccount } from '../../src/people/change-store.js'
import { columnsOf, findAccount, findNamed, isPerson, toAccount } from '../../src/people/store.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())
beforeEach(() => database.db.deleteFrom('account').execute())

const ann = { userId: 'ann', login: 'annie', email: 'Ann@Example.org', name: 'Ann Ångström' }
const add = (person: NewAccount) => database.db.transaction().execute((transaction) => addAccount(transaction, person))
const plain = (userId: string) => ({ userId, login: null, email: `${userId}@example.org`, name: userId })

const userIds = async () => {
  const rows = await database.db.selectFrom('account').select('user_id').orderBy('user_id').execute()
  return rows.map((row) => row.user_id)
}

test('a new account is active, internal and empty, and dated by the database', async () => {
  const clock = async () =>
    (await sql<{ now: Date }>`select clock_timestamp()::timestamptz(3) as now`.execute(database.db)).rows[0]?.now
  const before = (await clock()) as Date
  const id = await add(ann)
  const after = (await clock()) as Date
  expect(version(id)).toBe(7)
  const row = await database.db.selectFrom('account').selectAll().executeTakeFirstOrThrow()
  expect(row).toEqual({
    id,
    key: id,
    user_id: 'ann',
    login: 'annie',
    email: 'Ann@Example.org',
    name: 'Ann Ångström',
    state: 'active',
    verified: true,
    external: false,
    profile: {},
    roles: [],
    seen: {},
    created_at: expect.any(Date),
    updated_at: expect.any(Date),
    sort: 'ann angstrom',
    words: "'angstrom' 'ann'",
    search_words: expect.stringContaining("'n<angstrom' 'n<ann'"),
    search_of: row.updated_at,
  })
  for (const date of [row.created_at, row.updated_at]) {
    expect(date.getTime()).toBeGreaterThanOrEqual(before.getTime())
    expect(date.getTime()).toBeLessThanOrEqual(after.getTime())
  }
})

test.each<[string, Partial<NewAccount>, string]>([
  ['a user id as user id', { userId: 'ann' }, 'ann'],
  ['a login as user id', { userId: 'annie' }, 'annie'],
  ['an e-mail address as user id', { userId: 'ann@example.ORG' }, 'ann@example.ORG'],
  ['a user id as login', { login: 'ann' }, 'ann'],
  ['a login as login', { login: 'annie' }, 'annie'],
  ['an e-mail address as login', { login: 'ann@example.org' }, 'ann@example.org'],
  ['an e-mail address', { email: 'ANN@EXAMPLE.ORG' }, 'ANN@EXAMPLE.ORG'],
  ['the user id of one who has an address for it', { email: 'carl@Example.org' }, 'carl@Example.org'],
  ['the login of one who has an address for it', { email: 'Carla@example.org' }, 'Carla@example.org'],
])('a new account cannot take the %s of another', async (_, taken, name) => {
  await add(ann)
  await add({ userId: 'CARL@example.org', login: 'CARLA@example.org', email: 'c@example.org', name: 'Carl' })
  const wanted = { userId: 'bob', login: 'bobby', email: 'bob@example.org', name: 'Bob', ...taken }
  await expect(add(wanted)).rejects.toMatchObject({
    code: 'invalid',
    message: `${name} is already the name of another account.`,
  })
  expect(await userIds()).toEqual(['CARL@example.org', 'ann'])
})

test('one person may use one name for all three, and names may differ in case only', async () => {
  await add({ userId: 'a@example.org', login: 'a@example.org', email: 'a@example.org', name: 'A' })
  await add(plain('bob'))
  await add({ ...plain('BOB'), email: 'other@example.org' })
  expect(await userIds()).toEqual(['BOB', 'a@example.org', 'bob'])
})

test('of several simultaneous claims to a name, one succeeds', async () => {
  const attempts = [
    { ...plain('a'), userId: 'same@example.org' },
    { ...plain('b'), login: 'same@example.org' },
    { ...plain('c'), email: 'Same@example.org' },
  ]
  const outcomes = await Promise.allSettled(attempts.map(add))
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
  expect(await userIds()).toHaveLength(1)
})

test('finds a person by user id, key and e-mail address', async () => {
  const id = await add(ann)
  await add(plain('bob'))
  const account = {
    id,
    key: id,
    ...ann,
    state: 'active',
    external: false,
    profile: {},
    roles: [],
    updated: expect.any(Date),
  }
  expect(await findAccount(database.db, { by: 'userId', value: 'ann' })).toEqual(account)
  expect(await findAccount(database.db, { by: 'key', value: id })).toEqual(account)
  expect(await findAccount(database.db, { by: 'key', value: id.toUpperCase() })).toEqual(account)
  expect(await findAccount(database.db, { by: 'email', value: 'aNN@eXAMPLE.org' })).toEqual(account)
})

test('an imported key need not be the id, nor be of a version', async () => {
  const id = await add(ann)
  const key = '2c1ad8f0-0000-0000-0000-5b1e8a3f9b7c'
  expect(validate(key)).toBe(false)
  await database.db.updateTable('account').set({ key }).execute()
  expect(await findAccount(database.db, { by: 'key', value: key })).toMatchObject({ id, key })
  expect(await findAccount(database.db, { by: 'key', value: id })).toBeUndefined()
})

test.each<PersonRef>([
  { by: 'userId', value: 'Ann' },
  { by: 'userId', value: 'annie' },
  { by: 'userId', value: '' },
  { by: 'userId', value: 'ann\0' },
  { by: 'userId', value: 'half\uD83D' },
  { by: 'email', value: 'nn@example.org' },
  { by: 'email', value: 'ann@ex_mple.org' },
  { by: 'email', value: 'Ann@Example.org\0' },
  { by: 'login', value: 'Annie' },
  { by: 'login', value: 'ann' },
  { by: 'login', value: 'annie\0' },
  { by: 'distinguishedName', value: '' },
  { by: 'distinguishedName', value: 'CN=Ann\0' },
  { by: 'key', value: 'ann' },
  { by: 'key', value: '' },
  { by: 'key', value: '01900000-0000-7000-8000-000000000000' },
  { by: 'key', value: '01900000-0000-7000-8000-00000000000\0' },
])('no account has the name %o', async (person) => {
  await add(ann)
  await add({ ...plain('half\uFFFD'), email: 'h@example.org' })
  expect(await findAccount(database.db, person)).toBeUndefined()
})

test('a distinguished name is case-insensitive, and identifies nobody if two people share it', async () => {
  const { db } = database
  const named = async (person: NewAccount, distinguishedName: string) => {
    const id = await add(person)
    const profile = JSON.stringify({ distinguishedName })
    await db.updateTable('account').set({ profile }).where('id', '=', id).execute()
    return id
  }
  const find = async (value: string) => (await findAccount(db, { by: 'distinguishedName', value }))?.id
  const longest = `CN=${'x'.repeat(509)}`
  const id = await named(ann, 'CN=Ann Lee,O=Example')
  const long = await named(plain('long'), longest)
  await named(plain('longer'), `${longest}y`)
  await named(plain('one'), 'CN=Two')
  await named(plain('two'), 'cn=two')
  expect(await find('CN=Ann Lee,O=Example')).toBe(id)
  expect(await find('cn=ann LEE,o=EXAMPLE')).toBe(id)
  expect(await find('CN=Ann Lee, O=Example')).toBeUndefined()
  expect(await find(longest)).toBe(long)
  expect(await find(`${longest}y`)).toBeUndefined()
  expect(await find('CN=Two')).toBeUndefined()
  const both = { by: 'distinguishedName' as const, values: [longest.toLowerCase(), 'cn=TWO', 'CN=ann lee,O=Example'] }
  expect((await findNamed(db, both)).map((account) => account.id)).toEqual([long, id])
})

test('letters outside of ASCII are folded by no version of Postgres', async () => {
  await add({ ...plain('zoe'), email: 'zoË@example.org' })
  expect(await findAccount(database.db, { by: 'email', value: 'ZOË@example.org' })).toMatchObject({ userId: 'zoe' })
  expect(await findAccount(database.db, { by: 'email', value: 'zoë@example.org' })).toBeUndefined()
})

test('a statement can select one account twice, next to other columns', async () => {
  const [annId, bobId] = [await add(ann), await add(plain('bob'))]
  const row = await database.db
    .selectFrom('account as owner')
    .innerJoin('account as peer', (join) => join.onRef('peer.id', '<>', 'owner.id'))
    .select(columnsOf('owner'))
    .select(columnsOf('peer'))
    .select('peer.created_at as known')
    .where(isPerson('email', 'BOB@example.org', 'peer'))
    .where(isPerson('key', annId, 'owner'))
    .executeTakeFirstOrThrow()
  expect(toAccount(row, 'owner')).toMatchObject({ id: annId, userId: 'ann', name: 'Ann Ångström' })
  expect(toAccount(row, 'peer')).toEqual(await findAccount(database.db, { by: 'key', value: bobId }))
  expect(row.known).toBeInstanceOf(Date)
})

test.each<PersonRef>([
  { by: 'userId', value: 'ann' },
  { by: 'key', value: '01900000-0000-7000-8000-000000000000' },
  { by: 'email', value: 'ann@example.org' },
  { by: 'login', value: 'annie' },
  { by: 'distinguishedName', value: 'CN=Ann' },
])('finding %o uses an index', async (person) => {
  const plan = await database.db.transaction().execute(async (transaction) => {
    await sql`set local enable_seqscan = off`.execute(transaction)
    return transaction.selectFrom('account').select('id').where(isPerson(person.by, person.value)).explain()
  })
  expect(JSON.stringify(plan)).toContain('Index Cond')
})

test('a sign-in finds the account by every name, with or without the password', async () => {
  const id = await add(ann)
  const account = await findAccount(database.db, { by: 'key', value: id })
  expect(await findSignIn(database.db, 'ann')).toEqual({ account, credentialId: null, secret: null })
  await setPassword(database.db, id, 'first')
  const { credentialId: first } = (await findSignIn(database.db, 'ann')) ?? {}
  await setPassword(database.db, id, 'second')
  const { credentialId } = (await findSignIn(database.db, 'ann')) ?? {}
  expect(credentialId).not.toBe(first)
  for (const name of ['ann', 'annie', 'ann@example.org']) {
    expect(await findSignIn(database.db, name)).toMatchObject({ account, credentialId, secret: 'second' })
  }
  for (const name of ['Ann', 'ANNIE', 'Ann Ångström', id, '', 'ann\0', 'ann\uD83D']) {
    expect(await findSignIn(database.db, name)).toBeUndefined()
  }
})

test('a sign-in finds an inactive account', async () => {
  await add(ann)
  await database.db.updateTable('account').set({ state: 'inactive' }).execute()
  expect(await findSignIn(database.db, 'ann')).toMatchObject({ account: { state: 'inactive' } })
})

test('a password belongs to one account', async () => {
  const [annId, bobId] = [await add(ann), await add(plain('bob'))]
  await setPassword(database.db, annId, 'of ann')
  await setPassword(database.db, bobId, 'of bob')
  expect(await findSignIn(database.db, 'ann')).toMatchObject({ secret: 'of ann' })
  expect(await findSignIn(database.db, 'bob')).toMatchObject({ secret: 'of bob' })
})

test('roles are added and removed, each once, for one account', async () => {
  const [annId, bobId] = [await add(ann), await add(plain('bob'))]
  const rolesOf = async (id: string) => (await findAccount(database.db, { by: 'key', value: id }))?.roles
  for (const role of ['admin', 'editor', 'admin']) await changeRole(database.db, annId, role, 'add')
  expect([...((await rolesOf(annId)) ?? [])].sort()).toEqual(['admin', 'editor'])
  await changeRole(database.db, annId, 'admin', 'remove')
  await changeRole(database.db, annId, 'unknown', 'remove')
  expect(await rolesOf(annId)).toEqual(['editor'])
  expect(await rolesOf(bobId)).toEqual([])
})
