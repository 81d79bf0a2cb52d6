import { setTimeout as wait } from 'node:timers/promises'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from './tables.js'
import { isClash, isUnavailable } from './unavailable.js'

const mostTries = 4
/** How long one try waits for a lock, in milliseconds: all tries together wait two seconds. */
const patience = '500'

/**
 * Runs work as one transaction, all of it or nothing. After a clash with others it is run again, at most three times.
 *
 * @param work acts on nothing but the database
 * @param isDone asks whether the work took effect, for when the connection broke before Postgres confirmed it
 * @throws what `work` throws; an error of the database (`isUnavailable`) where it cannot be done or told
 */
export async function transact<Result>(
  db: Kysely<Tables>,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
  isDone: () => Promise<boolean>,
): Promise<Result> {
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
      else if (outcome && isUnavailable(error) && (await isDone())) return outcome.result
      else throw error
    }
  }
}
