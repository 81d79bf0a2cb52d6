import { setTimeout as wait } from 'node:timers/promises'
import { type Kysely, sql, type Transaction } from 'kysely'
import pLimit, { type LimitFunction } from 'p-limit'
import { Failure } from '../errors.js'
import type { Tables } from './tables.js'
import { patienceNow } from './turns.js'
import { isClash, isUnavailable } from './unavailable.js'

const mostTries = 4
/** How long a try waits for one lock, in milliseconds. */
const patience = '500'

/** Writers who wait for each other hold connections, and half of those are for readers. */
const inTurn = pLimit(5)
const alone = new WeakMap<Kysely<Tables>, LimitFunction>()

/** Has the writers of a database wait for each other, so that a reader waits for no more than one of them. */
export const writeAlone = (db: Kysely<Tables>): void => void alone.set(db, pLimit(1))

/** How long a writer waits for a turn, in milliseconds, unless it has more patience. */
const longestWait = 2000

type Work<Result> = (transaction: Transaction<Tables>) => Promise<Result>

/**
 * Runs work as one transaction, all of it or nothing. After a clash with others it is run again, at most three times.
 *
 * @param work acts on nothing but the database
 * @param isDone asks whether the work took effect, for when the connection broke before Postgres confirmed it
 * @throws what `work` throws; Failure `unavailable` when too many others write; an error of the database
 *   (`isUnavailable`) where it cannot be done or told
 */
export function transact<Result>(
  db: Kysely<Tables>,
  work: Work<Result>,
  isDone: () => Promise<boolean>,
): Promise<Result> {
  const asked = performance.now()
  const patience = patienceNow() ?? longestWait
  return (alone.get(db) ?? inTurn)(() => {
    if (performance.now() - asked <= patience) return tried(db, work, isDone)
    throw new Failure('unavailable', 'Too many people are changing things at this moment; try again in a few seconds.')
  })
}

async function tried<Result>(db: Kysely<Tables>, work: Work<Result>, isDone: () => Promise<boolean>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    let outcome: { readonly result: Result } | undefined
    try {
      return await db.transaction().execute(async (transaction) => {
        await sql`select set_config('lock_timeout', ${patience}, true)`.execute(transaction)
        const result = await work(transaction)
        outcome = { result }
        return result
      })
    } catch (error) {
      if (isClash(error) && tries < mostTries) await wait(Math.random() * 20 * 2 ** tries)
      else if (outcome && isUnavailable(error) && (await told(isDone))) return outcome.result
      else throw error
    }
  }
}

/** Asks `isDone`; while the database is away again for a moment, up to three times. */
async function told(isDone: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await isDone()
    } catch (error) {
      if (!isUnavailable(error) || tries === 3) throw error
      await wait(200 * tries)
    }
  }
}
