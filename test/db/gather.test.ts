import fc from 'fast-check'
import type { CompiledQuery, Kysely } from 'kysely'
import { findNetwork, readPage, readPersons } from '../../src/connections/list-store.js'
import { gathered, gatheredAlone } from '../../src/db/gather.js'
import { combined } from '../../src/db/prepared.js'
import type { Tables } from '../../src/db/tables.js'
import type { Proof } from '../../src/identity/identity.js'
import { findSignIn, findStamp } from '../../src/identity/sign-in-store.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { newestFirst } from '../support/people.js'
import { addPerson, connect, signInSecret, touch } from '../support/world.js'

type Db = Kysely<Tables>

/** A statement that a test answers. */
interface Statement {
  readonly keys: readonly string[]
  readonly sql: string
  answer(rows?: readonly unknown[]): Promise<void>
  fail(error: Error): Promise<void>
}

/** Lets everything run that waits for nothing but this turn of the event loop. */
const settle = async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A database whose statements wait until the test answers them. */
function heldDatabase() {
  const statements: Statement[] = []
  const executeQuery = ({ sql, parameters }: CompiledQuery) =>
    new Promise((resolve, reject) => {
      const keys = parameters as readonly string[]
      statements.push({
        keys,
        sql,
        answer: (rows = keys.map((key) => `row of ${key}`)) => {
          resolve({ rows })
          return settle()
        },
        fail: (error) => {
          reject(error)
          return settle()
        },
      })
    })
  return { db: { executeQuery } as unknown as Db, statements }
}

const queryOf = (sql: string, parameters: readonly unknown[]) =>
  ({ sql, parameters }) as unknown as CompiledQuery<string>
const simple = {
  query: (keys: readonly string[]) => queryOf('select', keys),
  read: (rows: readonly string[]) => rows,
  nameOf: (key: string) => key,
}
const isPending = async (promise: Promise<unknown>) => {
  const nothing = {}
  return (await Promise.race([promise.catch(() => {}), Promise.resolve(nothing)])) === nothing
}

describe('look-ups of one kind', () => {
  afterEach(() => jest.restoreAllMocks())

  test('share a statement, and each gets its own result', async () => {
    const [{ db, statements }, find] = [heldDatabase(), gathered(simple)]
    const results = ['a', 'b', 'c'].map((key) => find(db, key))
    expect(statements).toHaveLength(0)
    await settle()
    expect(statements.map(({ keys }) => keys)).toEqual([['a', 'b', 'c']])
    await statements[0]?.answer()
    expect(await Promise.all(results)).toEqual(['row of a', 'row of b', 'row of c'])
    expect(statements).toHaveLength(1)
  })

  test('look up equal keys once', async () => {
    const [{ db, statements }, find] = [heldDatabase(), gathered(simple)]
    const results = ['a', 'b', 'a', 'a'].map((key) => find(db, key))
    await settle()
    expect(statements.map(({ keys }) => keys)).toEqual([['a', 'b']])
    await statements[0]?.answer()
    expect(await Promise.all(results)).toEqual(['row of a', 'row of b', 'row of a', 'row of a'])
  })

  test('that come during a statement share the next one', async () => {
    jest.spyOn(performance, 'now').mockReturnValue(0)
    const [{ db, statements }, find] = [heldDatabase(), gathered(simple)]
    const first = find(db, 'a')
    await settle()
    // The key of a statement that runs is looked up again, since its row may have changed.
    const later = [find(db, 'a'), find(db, 'b')]
    await settle()
    later.push(find(db, 'c'))
    await settle()
    expect(statements.map(({ keys }) => keys)).toEqual([['a']])
    await statements[0]?.answer(['old'])
    expect(statements.map(({ keys }) => keys)).toEqual([['a'], ['a', 'b', 'c']])
    expect(await first).toBe('old')
    await statements[1]?.answer(['new', 'x', 'y'])
    expect(await Promise.all(later)).toEqual(['new', 'x', 'y'])
  })

  test('are not held up by a slow statement, but at most three statements run at once', async () => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(1_000)
    const [{ db, statements }, find] = [heldDatabase(), gathered(simple)]
    const results: Promise<unknown>[] = []
    for (const [key, time] of [
      ['a', 1_000],
      ['b', 1_050],
      ['c', 1_051],
      ['d', 1_102],
      ['e', 9_000],
    ] as const) {
      clock.mockReturnValue(time)
      results.push(find(db, key))
      await settle()
    }
    expect(statements.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c'], ['d']])
    await statements[1]?.answer()
    expect(statements.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c'], ['d'], ['e']])
    for (const at of [3, 2, 0]) await statements[at]?.answer()
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd', 'e'].map((key) => `row of ${key}`))
  })

  test('fail together, and no later one fails', async () => {
    jest.spyOn(performance, 'now').mockReturnValue(0)
    const [{ db, statements }, find] = [heldDatabase(), gathered(simple)]
    const failing = Promise.allSettled(['a', 'b'].map((key) => find(db, key)))
    await settle()
    const later = [find(db, 'a'), find(db, 'c')]
    await settle()
    await statements[0]?.fail(new Error('lost'))
    expect(await failing).toMatchObject([
      { status: 'rejected', reason: { message: 'lost' } },
      { status: 'rejected', reason: { message: 'lost' } },
    ])
    expect(await isPending(later[0] as Promise<unknown>)).toBe(true)
    await statements[1]?.answer()
    expect(await Promise.all(later)).toEqual(['row of a', 'row of c'])
    const last = find(db, 'd')
    await settle()
    await statements[2]?.answer()
    expect(await last).toBe('row of d')
  })

  test('fail if their statement cannot be made, and no later one fails', async () => {
    const { db, statements } = heldDatabase()
    const find = gathered({
      ...simple,
      query: (keys: readonly string[]) => {
        if (keys.includes('bad')) throw new Error('cannot be made')
        return simple.query(keys)
      },
    })
    await expect(find(db, 'bad')).rejects.toThrow('cannot be made')
    const next = find(db, 'good')
    await settle()
    await statements[0]?.answer()
    expect(await next).toBe('row of good')
  })

  test('are answered by a statement that began after they were made, in every order of events', async () => {
    const events = fc.array(
      fc.oneof(
        fc.record({ what: fc.constant('look up' as const), key: fc.constantFrom('a', 'b', 'c') }),
        fc.record({ what: fc.constantFrom('answer' as const, 'fail' as const), at: fc.nat({ max: 5 }) }),
        fc.record({ what: fc.constant('write' as const) }),
        fc.record({ what: fc.constant('turn' as const) }),
        fc.record({ what: fc.constant('time' as const), by: fc.constantFrom(10, 60) }),
      ),
      { maxLength: 40 },
    )
    const clock = jest.spyOn(performance, 'now')
    await fc.assert(
      fc.asyncProperty(events, fc.boolean(), async (all, isAlone) => {
        let time = 0
        clock.mockImplementation(() => time)
        let version = 0
        const { db, statements } = heldDatabase()
        const run = db.executeQuery.bind(db)
        const began: number[] = []
        const answered = new Set<number>()
        const counting = {
          executeQuery: (query: CompiledQuery) => {
            began.push(version)
            return run(query)
          },
        } as unknown as Db
        const find = (isAlone ? gatheredAlone : gathered)(simple)
        const outcomes: Promise<void>[] = []
        const answer = async (at: number, isRight: boolean) => {
          const statement = statements[at]
          if (!statement || answered.has(at)) return
          answered.add(at)
          const rows = statement.keys.map((key) => `${key} ${began[at]}`)
          await (isRight ? statement.answer(rows) : statement.fail(new Error(String(began[at]))))
        }
        for (const event of all) {
          if (event.what === 'look up') {
            const made = version
            const { key } = event
            outcomes.push(
              find(counting, key).then(
                (result) => {
                  const [found, seen] = result.split(' ')
                  expect(found).toBe(key)
                  expect(Number(seen)).toBeGreaterThanOrEqual(made)
                },
                (error: Error) => expect(Number(error.message)).toBeGreaterThanOrEqual(made),
              ),
            )
          } else if (event.what === 'write') version++
          else if (event.what === 'turn') await settle()
          else if (event.what === 'time') time += event.by
          else await answer(statements.length - 1 - event.at, event.what === 'answer')
          expect(statements.length - answered.size).toBeLessThanOrEqual(3)
        }
        await settle()
        // Each look-up is answered in the end.
        for (let at = 0; at < statements.length; at++) await answer(at, true)
        await Promise.all(outcomes)
      }),
      { numRuns: 300 },
    )
  })
})

describe('look-ups of several kinds', () => {
  const kind = (name: string) =>
    gathered({ ...simple, query: (keys: readonly string[]) => queryOf(`${name} $1`, [keys.join()]) })

  test('share a statement, whose values are numbered anew', async () => {
    const { db, statements } = heldDatabase()
    const [one, other] = [kind('one'), kind('other')]
    const results = [one(db, 'a'), other(db, 'b'), one(db, 'c')]
    await settle()
    expect(statements).toHaveLength(1)
    expect(statements[0]?.keys).toEqual(['a,c', 'b'])
    expect(statements[0]?.sql).toMatch(/\(one \$1\) as part\).* as part0.*\(other \$2\) as part\).* as part1$/)
    await statements[0]?.answer([{ part0: ['of a', 'of c'], part1: ['of b'] }])
    expect(await Promise.all(results)).toEqual(['of a', 'of b', 'of c'])
  })

  test('share no statement if one is made alone', async () => {
    const { db, statements } = heldDatabase()
    const [one, alone] = [gathered(simple), gatheredAlone(simple)]
    const results = [one(db, 'a'), alone(db, 'b'), one(db, 'c'), alone(db, 'd')]
    await settle()
    expect(statements.map(({ keys }) => keys).sort()).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ])
    for (const statement of statements) await statement.answer()
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd'].map((key) => `row of ${key}`))
  })

  test('of two databases share no statement', async () => {
    const [one, other, find] = [heldDatabase(), heldDatabase(), gathered(simple)]
    const results = [find(one.db, 'a'), find(other.db, 'a')]
    await settle()
    await one.statements[0]?.answer(['one'])
    await other.statements[0]?.answer(['other'])
    expect(await Promise.all(results)).toEqual(['one', 'other'])
  })
})

describe('on a database', () => {
  let database: TestDatabase
  const ids: string[] = []
  beforeAll(async () => {
    database = await freshDatabase()
    const { db } = database
    for (const name of ['ann', 'bo', 'cy', 'O\'Zoë "$1" \\', '王 💥']) {
      ids.push(await addPerson(db, name, { password: signInSecret, email: null, name }))
    }
    for (const peer of ids.slice(1)) await connect(db, ids[0] as string, peer, 'accepted')
    await connect(db, ids[1] as string, ids[2] as string, 'invited')
    await touch(db, ids[2] as string, 'accepted')
  })
  afterAll(() => database.close())

  /** The database, with its statements counted. */
  function counted() {
    const queries: CompiledQuery[] = []
    const executeQuery = (query: CompiledQuery) => {
      queries.push(query)
      return database.db.executeQuery(query)
    }
    return { db: { executeQuery } as unknown as Db, queries }
  }

  const lookUps = async () => {
    const proofs: Proof[] = []
    for (const name of ['ann', 'bo', 'cy']) proofs.push((await findSignIn(database.db, name))?.proof as Proof)
    const people = [
      ...['ann', 'bo', 'O\'Zoë "$1" \\', '王 💥', 'nobody'].map((value) => ({ by: 'userId', value }) as const),
      ...ids.map((value) => ({ by: 'key', value }) as const),
      ...['ann', 'cy@example.com'].map((value) => ({ by: 'email', value }) as const),
    ]
    return [
      ...people.flatMap((person) =>
        (['accepted', 'pending', 'unconfirmed'] as const).flatMap((status) =>
          [false, true].map((countPending) => (db: Db) => findNetwork(db, person, { status, countPending })),
        ),
      ),
      ...proofs.map((proof) => (db: Db) => findStamp(db, proof)),
      (db: Db) => findStamp(db, { ...(proofs[0] as Proof), credentialId: ids[0] as string }),
    ] as ((db: Db) => Promise<unknown>)[]
  }

  test('concurrent look-ups share one statement, with the rows of single statements', async () => {
    const all = await lookUps()
    const single: unknown[] = []
    for (const ask of all) single.push(await ask(database.db))
    expect(single.filter((each) => each !== undefined).length).toBeGreaterThan(all.length / 2)
    const { db, queries } = counted()
    expect(await Promise.all(all.map((ask) => ask(db)))).toEqual(single)
    expect(queries).toHaveLength(1)
    // Other orders of the kinds, and some of them only.
    for (const some of [all.toReversed(), all.slice(-7), all.slice(3, 9)]) {
      const { db, queries } = counted()
      expect(await Promise.all(some.map((ask) => ask(db)))).toEqual(some.map((ask) => single[all.indexOf(ask)]))
      expect(queries).toHaveLength(1)
    }
  })

  test('concurrent reads of pages share a statement for each kind of page', async () => {
    const reads = ids.flatMap((ownerId) =>
      [1, 2].flatMap((pageSize) =>
        [1, 2].flatMap((page) =>
          [readPage, readPersons].map((read) => (db: Db) => read(db, { ownerId }, { ...newestFirst, page, pageSize })),
        ),
      ),
    )
    const single: unknown[] = []
    for (const read of reads) single.push(await read(database.db))
    const { db, queries } = counted()
    expect(await Promise.all(reads.map((read) => read(db)))).toEqual(single)
    expect(queries).toHaveLength(2)
    expect(new Set(single.map((each) => JSON.stringify(each))).size).toBeGreaterThan(15)
  })

  test('a statement without rows in one part gives none there', async () => {
    const part = (rows: string) =>
      ({ ...database.db.selectFrom('account').select('name').where('name', '=', rows).compile() }) as CompiledQuery
    const { query, rowsIn } = combined([part('ann'), part('nobody'), part('bo')])
    const { rows } = await database.db.executeQuery(query)
    expect([0, 1, 2].map((place) => rowsIn(rows, place))).toEqual([[{ name: 'ann' }], [], [{ name: 'bo' }]])
  })
})
