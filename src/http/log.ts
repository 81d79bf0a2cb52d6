import type { ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { Failure } from '../errors.js'
import type { RefusalReason } from '../identity/identity.js'
import type { Head } from './exchange.js'

/** Logs one line for a request once it is over. The line names its route, not its address: addresses name people. */
export function logWhenOver(log: Logger, { id, method, client, progress }: Head, response: ServerResponse): void {
  const start = performance.now()
  response.once('close', () => {
    const { route, account } = progress
    log.info(
      {
        id,
        method,
        route,
        from: client.address,
        status: response.statusCode,
        ms: Math.round(performance.now() - start),
        bytes: Number(response.getHeader('Content-Length') ?? 0),
        account,
        ...(!response.writableFinished && { aborted: true }),
      },
      'request',
    )
  })
}

/**
 * Logs an event that concerns access, and the address it came from (docs/trust.md, L2).
 *
 * @param detail ids only: no name and no secret
 */
export function logEvent(
  log: Logger,
  { id, client, progress }: Head,
  message: string,
  detail: Readonly<Record<string, string | number>>,
): void {
  log.info({ id, account: progress.account, ...detail, from: client.address }, message)
}

/**
 * Logs a refused request with the reason (docs/trust.md, L2). Only the id of an account is logged, never the user name
 * that was typed: it may be a password.
 */
export function logRefusal(log: Logger, head: Head, status: number, error: unknown): void {
  if (![401, 403, 429].includes(status)) return
  const { message, cause } = error as Error
  const { reason = message, account } = (cause ?? {}) as Partial<RefusalReason>
  logEvent(log, head, 'refused', { status, reason, ...(account !== undefined && { account }) })
}

/** Seconds until a throttled request may be retried. */
export const secondsToRetry = (error: unknown): number => (error instanceof Failure && error.retryAfter) || 1
