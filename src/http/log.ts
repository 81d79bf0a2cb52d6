import type { ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { Failure } from '../errors.js'
import type { RefusalReason } from '../identity/identity.js'
import type { Head } from './exchange.js'

/** Logs one line when a request ends. The line has the route instead of the URL, since a URL may name a person. */
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
 * Logs an access event with the client's address (docs/trust.md, L2).
 *
 * @param detail contains ids, but no names and no secrets
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
 * Logs a request that is refused with 401, 403 or 429, and the reason (docs/trust.md, L2). The account is logged by its
 * id, never by the user name as typed: a user may have typed the password there.
 */
export function logRefusal(log: Logger, head: Head, status: number, error: unknown): void {
  if (![401, 403, 429].includes(status)) return
  const { message, cause } = error as Error
  const { reason = message, account } = (cause ?? {}) as Partial<RefusalReason>
  logEvent(log, head, 'refused', { status, reason, ...(account !== undefined && { account }) })
}

/** Seconds until a refused request may be retried; 1 if unknown. */
export const secondsToRetry = (error: unknown): number => (error instanceof Failure && error.retryAfter) || 1
