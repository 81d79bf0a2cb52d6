import { setTimeout as wait } from 'node:timers/promises'
import { type Kysely, sql, type Transaction } from 'kysely'
import pLimit, { type LimitFunction } from 'p-limit'
import { Failure } from '../errors.js'
import type { Tables } from './tables.js'
import { patienceNow } from './turns.js'

const maxTries = 4
/** How long a try waits for one lock, in milliseconds. */
const lockTimeoutMs = '500'

/** Writers who wait for each other hold connections, and half of those are for readers. */
const inTurn = pLimit(5)
const alone = new WeakMap<Kysely<Tables>, LimitFunction>()

/** Has the writers of a database wait for each other, so that a reader waits for no more than one of them. */
export const writeAlone = (db: Kysely<Tables>): void => void alone.set(db, pLimit(1))

/** How long a writer waits for a turn, in milliseconds, unless it has more patience. */
const maxWaitMs = 2000

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
  const patience = patienceNow() ?? maxWaitMs
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
        await sql`select set_config('lock_timeout', ${lockTimeoutMs}, true)`.execute(transaction)
        const result = await work(transaction)
        outcome = { result }
        return result
      })
    } catch (error) {
      if (isClash(error) && tries < maxTries) await wait(Math.random() * 20 * 2 ** tries)
      else if (outcome && isUnavailable(error) && (await isCommitted(isDone))) return outcome.result
      else throw error
    }
  }
}

/** Asks `isDone`; while the database is away again for a moment, up to three times. */
async function isCommitted(isDone: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await isDone()
    } catch (error) {
      if (!isUnavailable(error) || tries === 3) throw error
      await wait(200 * tries)
    }
  }
}

/** No connection to the database could be opened, none was free in time, or one was given up. The cause says why. */
export class NoConnection extends Error {
  override name = 'NoConnection'

  constructor(override readonly cause: Error) {
    super(cause.message, { cause })
  }
}

/** What to say at a command line of an error of the database, in one line; undefined if it is another error. */
export function lineOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const message = error.message.replaceAll(/\s+/g, ' ').trim()
  if (isRefused(error)) return `The database refuses: ${message}`
  const { severity, code } = error as { severity?: unknown; code?: unknown }
  if (severity !== undefined) return `The database answers with an error: ${message} (${String(code)})`
  return isUnavailable(error) ? `The database cannot be reached: ${message}` : undefined
}

/**
 * Whether an error is Postgres's refusal to let us in, or to let us do something: an unknown database or role, a wrong
 * password, a right that the role lacks, a database that is only read.
 */
function isRefused(error: unknown): error is Error {
  if (error instanceof NoConnection) return isRefused(error.cause)
  if (!(error instanceof Error)) return false
  const { severity, code } = error as { severity?: unknown; code?: unknown }
  return severity === 'FATAL' || code === '42501' || code === '25006'
}

/**
 * The errors of Postgres (appendix A) that are about its state rather than about the statement: connection (08),
 * authorization of the connection (28), transaction rollback (40), resources (53), state of an object (55), operator
 * intervention (57), system error (58), snapshot (72), configuration file (F0); a database that is read-only (25006),
 * timeouts of a transaction (25P03, 25P04), and an unknown database (3D000).
 */
const ofState = /^((08|28|40|53|55|57|58|72|F0)[0-9A-Z]{3}|25006|25P03|25P04|3D000)$/

/** Errors of the network and of the driver on a connection that is open. */
const ofNetwork = /^(ECONN\w+|EPIPE|ETIMEDOUT|E(HOST|NET)(UNREACH|DOWN)|ENETRESET|ENOTFOUND|EAI_AGAIN)$/
const ofDriver = /^(Connection terminated|Client (has encountered|was closed)|Cannot use a pool after calling end)/

/** What an error says of itself. A program may throw anything, also undefined. */
const fieldsOf = (error: unknown) => (error ?? {}) as { code?: string; message?: string; severity?: string }

/** Whether an error says that the database cannot answer now, though it may in a moment. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof NoConnection) return true
  if (error instanceof Failure) return error.code === 'unavailable'
  const { code = '', message = '', severity = '' } = fieldsOf(error)
  // An error that ends the connection is not about the statement.
  return ofState.test(code) || ofNetwork.test(code) || ofDriver.test(message) || /^(FATAL|PANIC)$/.test(severity)
}

/** Whether an error says that the connection broke under a statement: on another one it may be answered at once. */
export function isBroken(error: unknown): boolean {
  if (error instanceof NoConnection) return false
  const { code = '', message = '' } = fieldsOf(error)
  return (
    /^(08...|57P01|57P02|25P03|ECONNRESET|EPIPE)$/.test(code) ||
    /^(Connection terminated unexpectedly|Client has encountered)/.test(message)
  )
}

/** Whether a connection must not be used again after an error: it broke, or leads to a server that became a standby. */
export const endsConnection = (error: unknown): boolean => isBroken(error) || fieldsOf(error).code === '25006'

/**
 * Whether an error says that a transaction met others, so that the same one may go well a moment later: it could not be
 * put in order with them, they waited for each other, or a lock was not to be had in time.
 */
function isClash(error: unknown): boolean {
  const { code } = fieldsOf(error)
  return code === '40001' || code === '40P01' || code === '55P03'
}
