import fc from 'fast-check'
import { sql } from 'kysely'
import { importFiles, type Summary } from '../../src/transfer/import.js'
import { appPasswordOf } from '../support/app-passwords.js'
import { importFixture } from '../support/import-fixture.js'
import { account, colleague, contents, empty, entryId, jsonLines } from './files.js'

/** Lines match people by key, then user id, then address. The later of two claims to a name wins. */

const { database, folder } = importFixture()

const keys = [1, 2, 3, 4].map(entryId) as [string, string, string, string]
const [k1, k2, k3] = keys

let files = 0
const bring = async (...lines: object[]): Promise<Summary> =>
  importFiles(database.db, [await folder.write(`${++files}.jsonl`, jsonLines(...lines))])

/** All people by key, with their sign-in names and states. */
async function people() {
  const rows = await database.db
    .selectFrom('account')
    .select(['key', 'user_id', 'email', 'login', 'state'])
    .orderBy('key')
    .execute()
  return rows.map(({ key, user_id, email, login, state }) => [
    keys.includes(key) ? `k${keys.indexOf(key) + 1}` : 'made up',
    user_id === key ? 'KEY' : user_id,
    email,
    login,
    ...(state === 'active' ? [] : [state]),
  ])
}

const lossesOf = ({ losses }: Summary) =>
  losses.map(({ field, name, loser, holder }) => `${field} ${name}: ${loser.name} to ${holder.name}`)

const line = (key: string, userId: string, more: object = {}, on = 1) =>
  account(userId, { key, email: `${userId}@x`, name: `K${keys.indexOf(key) + 1}`, ...more }, on)

describe('matching a line with a person', () => {
  test('the key decides: same key and address, new user id', async () => {
    await bring(line(k1, 'ann'), line(k2, 'bo'), colleague('ann', 'bo', 9))
    const { id } = await appPasswordOf(database.db, 'ann')
    const summary = await bring(line(k1, 'anna', { email: 'ann@x' }, 2))
    expect(summary).toMatchObject({ accounts: { added: 0, changed: 1 }, losses: [] })
    expect(await people()).toEqual([
      ['k1', 'anna', 'ann@x', null],
      ['k2', 'bo', 'bo@x', null],
    ])
    expect(await database.db.selectFrom('credential').select('id').execute()).toEqual([{ id }])
    expect(await database.db.selectFrom('colleague').select('id').execute()).toHaveLength(2)
  })

  test('a key derived from a user id matches too', async () => {
    await bring(account('ann'), account('bo'))
    const { key } = await database.db
      .selectFrom('account')
      .select('key')
      .where('user_id', '=', 'ann')
      .executeTakeFirstOrThrow()
    await bring(account('anna', { key, email: 'ann@example.com' }, 2))
    await bring(account('ann', { name: 'of old' }))
    expect(await people()).toEqual(
      expect.arrayContaining([
        ['made up', 'anna', 'ann@example.com', null],
        ['made up', 'bo', 'bo@example.com', null],
      ]),
    )
    expect((await people()).length).toBe(2)
  })

  test('then the user id: an address moved to another person', async () => {
    await bring(account('ann', { login: 'annie' }), account('bo'), colleague('ann', 'bo', 9))
    const summary = await bring(account('dee', { email: 'ANN@example.com' }, 2))
    expect(lossesOf(summary)).toEqual(['email ann@example.com: ANN to DEE'])
    expect(await people()).toEqual(
      expect.arrayContaining([
        ['made up', 'ann', null, 'annie'],
        ['made up', 'dee', 'ANN@example.com', null],
      ]),
    )
    expect(await database.db.selectFrom('colleague').select('id').execute()).toHaveLength(2)
  })

  test('an older statement takes no address or user id', async () => {
    await bring(line(k1, 'ann', {}, 5))
    const summary = await bring(line(k2, 'ann', { email: 'ann@x' }, 3))
    expect(lossesOf(summary)).toEqual(['userId ann: K2 to K1', 'email ann@x: K2 to K1'])
    expect(await people()).toEqual([
      ['k1', 'ann', 'ann@x', null],
      ['k2', 'KEY', null, null, 'inactive'],
    ])
  })

  test('a pair’s user id matches its present holder, else its former one', async () => {
    await bring(line(k1, 'ann'), line(k2, 'bo'), line(k3, 'cy'))
    await bring(
      line(k1, 'bo', {}, 2),
      line(k2, 'dee', {}, 2),
      colleague('bo', 'cy', 1, {}, 2),
      colleague('dee', 'cy', 2),
    )
    await bring(line(k1, 'eve', {}, 3), colleague('bo', 'dee', 3, {}, 2))
    const rows = await sql<{ owner: string }>`
      select key as owner from colleague join account on account.id = owner_id
      where colleague.id in (${entryId(1)}, ${entryId(2)}, ${entryId(3)}) order by colleague.id`.execute(database.db)
    expect(rows.rows.map(({ owner }) => owner)).toEqual([k1, k2, k1])
  })
})

describe('the loser of a user id', () => {
  test('keeps key and data, is disabled, and loses sessions and app passwords', async () => {
    const { db } = database
    await bring(
      line(k1, 'ann'),
      line(k2, 'bo', { login: 'b', profile: { title: 'Chemist' } }),
      colleague('ann', 'bo', 9),
    )
    const { id } = await db.selectFrom('account').select('id').where('key', '=', k2).executeTakeFirstOrThrow()
    await appPasswordOf(db, 'bo')
    await sql`insert into credential values (${id}, ${id}, 'password', 'secret', now(), now())`.execute(db)
    await sql`insert into session values ('\\x00', ${id}, now(), now() + interval '1 day')`.execute(db)
    const versionOfPeer = () =>
      db
        .selectFrom('network')
        .select('version')
        .where('owner_id', '<>', id)
        .where('status', '=', 'accepted')
        .executeTakeFirstOrThrow()
    const before = await versionOfPeer()

    const summary = await bring(line(k1, 'bo', { email: 'ann@x' }, 2))
    expect(lossesOf(summary)).toEqual(['userId bo: K2 to K1'])
    expect(summary.accounts).toEqual({ added: 0, changed: 2, unchanged: 0 })
    expect(await people()).toEqual([
      ['k1', 'bo', 'ann@x', null],
      ['k2', 'KEY', 'bo@x', 'b', 'inactive'],
    ])
    expect(await db.selectFrom('account').select(['id', 'profile']).where('key', '=', k2).execute()).toEqual([
      { id, profile: { title: 'Chemist' } },
    ])
    expect(await db.selectFrom('credential').select('kind').execute()).toEqual([{ kind: 'password' }])
    expect(await db.selectFrom('session').select('id_hash').execute()).toEqual([])
    const after = await versionOfPeer()
    expect(after.version).toBeGreaterThan(before.version)

    // The file that spoke of them before changes nothing, nor does an operator's word of the same day.
    expect(await bring(line(k2, 'bo', { login: 'b', state: 'active' }))).toMatchObject({ losses: [] })
    expect((await people())[1]).toEqual(['k2', 'KEY', 'bo@x', 'b', 'inactive'])
  })

  test('may get another in the same file: a swap disables no account', async () => {
    for (const on of [1, 2]) {
      await empty(database.db)
      await bring(line(k1, 'ann', { login: 'a' }), line(k2, 'bo', { login: 'b' }))
      const swap = [line(k1, 'bo', { login: 'b' }, on), line(k2, 'ann', { login: 'a' }, on)]
      expect(lossesOf(await bring(...swap))).toEqual([])
      const swapped = [
        ['k1', 'bo', 'bo@x', 'b'],
        ['k2', 'ann', 'ann@x', 'a'],
      ]
      expect(await people()).toEqual(swapped)
      expect(await bring(...swap)).toMatchObject({ accounts: { changed: 0, unchanged: 2 }, losses: [] })
      expect(await people()).toEqual(swapped)
    }
  })

  test('is the last of a chain; the others move up', async () => {
    await bring(line(k1, 'a'), line(k2, 'b'), line(k3, 'c'))
    const summary = await bring(line(k1, 'b', {}, 2), line(k2, 'c', {}, 2))
    expect(lossesOf(summary)).toEqual(['userId c: K3 to K2', 'email c@x: K3 to K2'])
    expect(await people()).toEqual([
      ['k1', 'b', 'b@x', null],
      ['k2', 'c', 'c@x', null],
      ['k3', 'KEY', null, null, 'inactive'],
    ])
  })

  test('gets another from a later statement, and stays disabled until enabled', async () => {
    await bring(line(k1, 'ann'), line(k2, 'bo'))
    await bring(line(k1, 'bo', {}, 2))
    await bring(line(k2, 'bob', {}, 3))
    expect((await people())[1]).toEqual(['k2', 'bob', 'bob@x', null, 'inactive'])
    await bring(line(k2, 'bob', { state: 'active' }, 4))
    expect((await people())[1]).toEqual(['k2', 'bob', 'bob@x', null])
  })

  test('stays apart from an account in use', async () => {
    await bring(
      account('ann'),
      account('bo'),
      account('cy'),
      line(k1, 'kay'),
      colleague('ann', 'bo', 1),
      colleague('kay', 'bo', 2),
    )
    const summary = await bring(line(k1, 'ann', {}, 2))
    expect(lossesOf(summary)).toEqual(['userId ann: ANN to K1'])
    expect(await database.db.selectFrom('colleague').select('id').execute()).toHaveLength(4)
  })
})

describe('a sign-in name of another person', () => {
  test.each<[string, object[], object, string[]]>([
    [
      'a login that is a login',
      [line(k1, 'ann', { login: 'l' })],
      line(k2, 'dee', { login: 'l' }),
      ['login l: K1 to K2'],
    ],
    ['a login that is a user id', [line(k1, 'ann')], line(k2, 'dee', { login: 'ann' }), ['login ann: K2 to K1']],
    ['a login that is an address', [line(k1, 'ann')], line(k2, 'dee', { login: 'ANN@x' }), ['login ANN@x: K2 to K1']],
    ['a user id that is a login', [line(k1, 'ann', { login: 'l' })], line(k2, 'l'), ['login l: K1 to K2']],
    [
      'an address that is a login',
      [line(k1, 'ann', { login: 'q@x' })],
      line(k2, 'dee', { email: 'Q@x' }),
      ['login q@x: K1 to K2'],
    ],
    [
      'an address that is a user id',
      [line(k1, 'q@x', { email: '' })],
      line(k2, 'dee', { email: 'Q@x' }),
      ['email Q@x: K2 to K1'],
    ],
    [
      'a user id that is an address',
      [line(k1, 'ann', { email: 'q@x' })],
      line(k2, 'Q@x', { email: '' }),
      ['email q@x: K1 to K2'],
    ],
  ])('%s', async (_, before, then, expected) => {
    await bring(...before)
    expect(lossesOf(await bring(then))).toEqual(expected)
    expect((await people()).map(([, , , , state]) => state)).toEqual([undefined, undefined])
    expect(lossesOf(await bring(...before, then))).toEqual([])
  })

  test('user ids and logins differ by case', async () => {
    await bring(
      account('ann', { login: 'Dee', email: '' }),
      account('Ann', { email: '' }),
      account('dee', { email: '' }),
    )
    expect((await people()).length).toBe(3)
    expect((await people()).map(([, , , login]) => login).filter(Boolean)).toEqual(['Dee'])
  })

  test('a person named by a lost address is named by the user id', async () => {
    await bring({ account: { userId: 'ann', email: 'a@x', updated: '2026-01-01T00:00:00Z' } })
    await bring(account('bo', { email: 'a@x' }, 2))
    const rows = await database.db.selectFrom('account').select('name').orderBy('user_id').execute()
    expect(rows.map(({ name }) => name)).toEqual(['ann', 'BO'])
  })
})

interface Said {
  who: number
  userId: string
  email?: string | null
  login?: string | null
}

const fields = ['userId', 'email', 'login'] as const
const said = (pool: readonly string[]) =>
  fc.record<Said>(
    {
      who: fc.nat(3),
      userId: fc.constantFrom(...pool),
      email: fc.constantFrom(null, ...pool.map((each) => `${each}@x`)),
      login: fc.constantFrom(null, ...pool),
    },
    { requiredKeys: ['who', 'userId'] },
  )

const lineOf = ({ who, userId, ...more }: Said, on: number) => ({
  account: {
    key: keys[who],
    userId,
    name: `K${who + 1}`,
    updated: new Date(Date.UTC(2026, 0, 1, 0, on)).toISOString(),
    ...more,
  },
})

interface Model {
  userId: string | null
  email: string | null
  login: string | null
  disabled: boolean
}

/** Each import in turn; within one, each line in turn, the last one to claim a name has it. */
function modelled(imports: readonly Said[][]): (string | null)[][] {
  const persons = new Map<number, Model>()
  for (const lines of imports) {
    const losers = new Set<Model>()
    for (const { who, ...names } of lines) {
      const person = persons.get(who) ?? { userId: null, email: null, login: null, disabled: false }
      persons.set(who, person)
      for (const field of fields) {
        const name = names[field]
        if (name === undefined) continue
        person[field] = name
        for (const other of persons.values()) {
          if (other === person || name === null || other[field] !== name) continue
          other[field] = null
          if (field === 'userId') losers.add(other)
        }
      }
    }
    for (const each of losers) each.disabled ||= each.userId === null
  }
  return [...persons]
    .sort(([one], [other]) => one - other)
    .map(([who, { userId, email, login, disabled }]) => [
      `k${who + 1}`,
      userId ?? 'KEY',
      email,
      login,
      ...(disabled ? ['inactive'] : []),
    ])
}

test('any sequence of statements and imports matches the model', async () => {
  // A user id and a login are never the same here: of these the model says nothing.
  const apart = said(['a', 'b', 'c']).map((each) => (each.login ? { ...each, login: `login ${each.login}` } : each))
  const cases = fc.array(fc.array(apart, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(cases, async (imports) => {
      await empty(database.db)
      let on = 0
      const all = imports.map((lines) => lines.map((each) => lineOf(each, ++on)))
      for (const lines of all) await bring(...lines)
      expect(await people()).toEqual(modelled(imports))
      const before = await contents(database.db)
      for (const lines of all) expect(lossesOf(await bring(...lines))).toEqual([])
      expect(await contents(database.db)).toEqual(before)
    }),
    { numRuns: 60 },
  )
})

test('statements in any order import without conflicts and are idempotent', async () => {
  const dates = [1, 2, 3, 4, 5, 6, 7, 8]
  const cases = fc.tuple(
    fc.array(said(['a', 'b', 'a@x']), { minLength: 2, maxLength: dates.length }),
    fc.shuffledSubarray(dates, { minLength: dates.length }),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ([lines, days]) => {
      await empty(database.db)
      const all = lines.map((each, at) => lineOf(each, days[at] as number))
      await bring(...all)
      const names = (await people()).flatMap(([, userId, email, login]) => {
        const own = [userId === 'KEY' ? null : userId, email, login].flatMap((each) => each ?? [])
        return [...new Set(own.map((each) => each.toLowerCase()))]
      })
      expect(names).toEqual([...new Set(names)])
      const before = await contents(database.db)
      expect(lossesOf(await bring(...all))).toEqual([])
      expect(await contents(database.db)).toEqual(before)
    }),
    { numRuns: 60 },
  )
})
