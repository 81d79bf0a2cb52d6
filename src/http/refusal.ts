import type { Request } from 'express'
import type { Logger } from 'pino'
import type { Refusal } from '../auth/identity.js'
import { Failure } from '../errors.js'
import { note } from './note.js'

/**
 * Logs that somebody was not let in or not allowed something, why, and from where (trust, L2). What was typed for a name
 * may be a password, so only the id of an account is named.
 */
export function noteRefusal(log: Logger, request: Request, status: number, error: unknown): void {
  if (![401, 403, 429].includes(status)) return
  const { message, cause } = error as Error
  const { reason = message, account } = (cause ?? {}) as Partial<Refusal>
  note(log, request, 'refused', { status, reason, ...(account !== undefined && { account }) })
}

/** In how many seconds a request that met a limit may come again. */
export const secondsToRetry = (error: unknown): number => (error instanceof Failure && error.retryAfter) || 1
