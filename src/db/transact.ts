import { setTimeout as wait } from 'node:timers/promises'
import { type Kysely, sql, type Transaction } from 'kysely'
import pLimit, { type LimitFunction } from 'p-limit'
import { Failure } from '../errors.js'
import type { Tables } from './tables.js'
import { waitLimit } from './turns.js'

const maxAttempts = 4
/** Lock timeout of each attempt, in milliseconds. */
const lockTimeoutMs = '500'

/** Waiting writers hold pool connections; cap them at half of the pool so that readers always find one. */
const limitWriters = pLimit(5)
const ownLimit = new WeakMap<Kysely<Tables>, LimitFunction>()

/** Allows a database one writer at a time, so that a reader waits for at most one writer. */
export const serializeWrites = (db: Kysely<Tables>): void => void ownLimit.set(db, pLimit(1))

/** Limit for waiting behind other writers, for work outside a `boundedQueue`. */
const maxWaitMs = 2000

type Work<Result> = (transaction: Transaction<Tables>) => Promise<Result>

/**
 * Runs work in a transaction. After a serialization failure, deadlock or lock timeout the work runs again, at most
 * three times.
 *
 * @param work must have no effects outside the database
 * @param isDone checks if the work took effect; called if the connection broke before Postgres confirmed the commit
 * @throws the error of `work`; Failure `unavailable` after waiting too long behind other writers; an error of the
 *   database (`isUnavailable`) if the work cannot run or its outcome is unknown
 */
export function transact<Result>(
  db: Kysely<Tables>,
  work: Work<Result>,
  isDone: () => Promise<boolean>,
): Promise<Result> {
  const start = performance.now()
  const limitMs = waitLimit() ?? maxWaitMs
  return (ownLimit.get(db) ?? limitWriters)(() => {
    if (performance.now() - start <= limitMs) return runWithRetries(db, work, isDone)
    throw new Failure('unavailable', 'Too many changes at the moment; try again in a few seconds.')
  })
}

async function runWithRetries<Result>(
  db: Kysely<Tables>,
  work: Work<Result>,
  isDone: () => Promise<boolean>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    let outcome: { readonly result: Result } | undefined
    try {
      return await db.transaction().execute(async (transaction) => {
        await sql`select set_config('lock_timeout', ${lockTimeoutMs}, true)`.execute(transaction)
        const result = await work(transaction)
        outcome = { result }
        return result
      })
    } catch (error) {
      if (isConflict(error) && attempt < maxAttempts) await wait(Math.random() * 20 * 2 ** attempt)
      else if (outcome && isUnavailable(error) && (await isCommitted(isDone))) return outcome.result
      else throw error
    }
  }
}

/** Calls `isDone`, up to three times while the database is down. */
async function isCommitted(isDone: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await isDone()
    } catch (error) {
      if (!isUnavailable(error) || attempt === 3) throw error
      await wait(200 * attempt)
    }
  }
}

/** Thrown if a connection could not be opened, was not free in time, or timed out. The cause holds the reason. */
export class NoConnection extends Error {
  override name = 'NoConnection'

  constructor(override readonly cause: Error) {
    super(cause.message, { cause })
  }
}

/** Describes a database error in one line, for the command line. @returns undefined for any other error */
export function lineOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const message = error.message.replaceAll(/\s+/g, ' ').trim()
  if (isRefused(error)) return `The database refused: ${message}`
  const { severity, code } = error as { severity?: unknown; code?: unknown }
  if (severity !== undefined) return `The database answers with an error: ${message} (${String(code)})`
  return isUnavailable(error) ? `The database cannot be reached: ${message}` : undefined
}

/**
 * Whether Postgres refused the connection or the operation: unknown database or role, wrong password, missing
 * privilege, read-only database.
 */
function isRefused(error: unknown): error is Error {
  if (error instanceof NoConnection) return isRefused(error.cause)
  if (!(error instanceof Error)) return false
  const { severity, code } = error as { severity?: unknown; code?: unknown }
  return severity === 'FATAL' || code === '42501' || code === '25006'
}

/**
 * Errors about the state of Postgres, not about the statement (PostgreSQL, appendix A): connection (08), authorization
 * (28), transaction rollback (40), resources (53), object state (55), operator intervention (57), system error (58),
 * snapshot (72), configuration file (F0), read-only (25006), transaction timeouts (25P03, 25P04), unknown database
 * (3D000).
 */
const ofState = /^((08|28|40|53|55|57|58|72|F0)[0-9A-Z]{3}|25006|25P03|25P04|3D000)$/

/** Errors of the network and of the driver on an open connection. */
const ofNetwork = /^(ECONN\w+|EPIPE|ETIMEDOUT|E(HOST|NET)(UNREACH|DOWN)|ENETRESET|ENOTFOUND|EAI_AGAIN)$/
/** A migration changed the columns of a named statement. The error lasts as long as the connection. */
const ofPlan = /^cached plan must not change result type/
const ofDriver = /^(Connection terminated|Client (has encountered|was closed)|Cannot use a pool after calling end)/

/** A caller's work may throw anything, even undefined. */
const fieldsOf = (error: unknown) => (error ?? {}) as { code?: string; message?: string; severity?: string }

/** Whether an error means that the database is currently unavailable. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof NoConnection) return true
  if (error instanceof Failure) return error.code === 'unavailable'
  const { code = '', message = '', severity = '' } = fieldsOf(error)
  // FATAL and PANIC end the connection.
  return (
    ofState.test(code) ||
    ofNetwork.test(code) ||
    ofDriver.test(message) ||
    ofPlan.test(message) ||
    /^(FATAL|PANIC)$/.test(severity)
  )
}

/** Whether the connection broke during a statement: a new connection may work immediately. */
export function isBroken(error: unknown): boolean {
  if (error instanceof NoConnection) return false
  const { code = '', message = '' } = fieldsOf(error)
  return (
    /^(08...|57P01|57P02|25P03|ECONNRESET|EPIPE)$/.test(code) ||
    /^(Connection terminated unexpectedly|Client has encountered)/.test(message) ||
    ofPlan.test(message)
  )
}

/** Whether a connection is unusable after an error: it broke, or its server became a standby. */
export const endsConnection = (error: unknown): boolean => isBroken(error) || fieldsOf(error).code === '25006'

/** Whether a migration changed the columns of a named statement. All connections that hold the statement fail. */
export const isStalePlan = (error: unknown): boolean => ofPlan.test(fieldsOf(error).message ?? '')

/** Whether an error is a serialization failure, deadlock or lock timeout: the same transaction may succeed later. */
function isConflict(error: unknown): boolean {
  const { code } = fieldsOf(error)
  return code === '40001' || code === '40P01' || code === '55P03'
}
