import { type Kysely, sql } from 'kysely'
import type { Tables } from '../../src/db/tables.js'
import { transact } from '../../src/db/transact.js'
import { Failure } from '../../src/errors.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { addPerson } from '../support/world.js'

/**
 * A write is atomic, is retried after a conflict, and is looked up after an unanswered commit (docs/trust.md, C10; C11;
 * C12).
 */

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
beforeEach(() => database.db.deleteFrom('account').execute())
afterAll(() => database.close())

const names = async () =>
  (await database.db.selectFrom('account').select('user_id').execute()).map((row) => row.user_id)
const isThere = (name: string) => async () => (await names()).includes(name)
const never = () => Promise.resolve(false)

/** Has Postgres itself raise an error. */
const raise = (db: Kysely<Tables>, code: string) =>
  sql`select set_config('test.code', ${code}, true)`
    .execute(db)
    .then(() =>
      sql`do $$ begin raise exception 'raised for a test' using errcode = current_setting('test.code'); end $$`.execute(
        db,
      ),
    )

test('a transaction returns the result of its work', async () => {
  expect(await transact(database.db, (transaction) => addPerson(transaction, 'ann'), never)).toMatch(/^[\da-f-]{36}$/)
  expect(await names()).toEqual(['ann'])
})

test('failed work leaves no changes', async () => {
  const work = async (transaction: Kysely<Tables>) => {
    await addPerson(transaction, 'ann')
    throw new Error('no')
  }
  await expect(transact(database.db, work, () => Promise.resolve(true))).rejects.toThrow('no')
  expect(await names()).toEqual([])
})

describe.each(['40001', '40P01', '55P03'])('after a conflict (%s)', (code) => {
  test.each([
    [1, true],
    [3, true],
    [4, false],
  ])('%d times, the whole transaction runs again: %s', async (clashes, isDone) => {
    let tries = 0
    const work = async (transaction: Kysely<Tables>) => {
      await addPerson(transaction, `try ${++tries}`)
      if (tries <= clashes) await raise(transaction, code)
    }
    const outcome = transact(database.db, work, never)
    if (isDone) await outcome
    else await expect(outcome).rejects.toMatchObject({ code })
    expect(await names()).toEqual(isDone ? [`try ${clashes + 1}`] : [])
    expect(tries).toBe(Math.min(clashes + 1, 4))
  })
})

test.each(['23505', '22P02', '57014'])('another error (%s) is not retried', async (code) => {
  let tries = 0
  const work = (transaction: Kysely<Tables>) => {
    tries++
    return raise(transaction, code)
  }
  await expect(transact(database.db, work, never)).rejects.toMatchObject({ code })
  expect(tries).toBe(1)
})

/** The database, but the answer to every commit gets lost: `before` the commit was done, or after. */
function losing(when: 'before' | 'after'): Kysely<Tables> {
  const { db } = database
  const lost = () => Promise.reject(Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' }))
  const transaction = () => ({
    execute: async (work: (transaction: Kysely<Tables>) => Promise<unknown>) => {
      if (when === 'after') {
        await db.transaction().execute(work)
        return lost()
      }
      return db.transaction().execute(async (inner) => {
        await work(inner)
        return lost()
      })
    },
  })
  return new Proxy(db, {
    get: (target, name) => (name === 'transaction' ? transaction : (Reflect.get(target, name) as unknown)),
  })
}

describe('if the answer to a commit is lost', () => {
  const work = (transaction: Kysely<Tables>) => addPerson(transaction, 'ann')

  test('a commit that took effect returns its result', async () => {
    expect(await transact(losing('after'), work, isThere('ann'))).toMatch(/^[\da-f-]{36}$/)
    expect(await names()).toEqual(['ann'])
  })

  test('a commit without effect is an error without a retry', async () => {
    await expect(transact(losing('before'), work, isThere('ann'))).rejects.toMatchObject({ code: '08006' })
    expect(await names()).toEqual([])
  })

  test('the outcome is queried again during a short outage', async () => {
    let asked = 0
    const soon = () => {
      asked++
      return asked < 3 ? Promise.reject(new Failure('unavailable', 'away')) : isThere('ann')()
    }
    expect(await transact(losing('after'), work, soon)).toMatch(/^[\da-f-]{36}$/)
  })

  test('an unknown outcome is an error', async () => {
    const away = () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }))
    await expect(transact(losing('after'), work, away)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

if (serverUrl === undefined) {
  test('a reader of the embedded database waits for at most one writer', async () => {
    const order: string[] = []
    let begun = () => {}
    const first = new Promise<void>((resolve) => (begun = resolve))
    const writers = ['ann', 'bo', 'kit'].map((name) =>
      transact(
        database.db,
        async (transaction) => {
          begun()
          await addPerson(transaction, name)
          order.push(name)
        },
        never,
      ),
    )
    await first
    await sql`select 1`.execute(database.db)
    order.push('reader')
    await Promise.all(writers)
    expect(order).toEqual(['ann', 'reader', 'bo', 'kit'])
  })
}
