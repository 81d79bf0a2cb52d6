import type { ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import { Failure } from '../errors.js'
import type { RefusalReason } from '../identity/identity.js'
import type { Head } from './exchange.js'
import type { Rendered } from './response/send.js'

/** The log of requests. */
export interface RequestLog {
  /**
   * Logs a request once its answer is sent or the client is gone. The line has the route instead of the URL, since a
   * URL may name a person.
   *
   * @param start of the request, by `performance.now()`
   */
  readonly write: (head: Head, answer: Rendered, response: ServerResponse, start: number) => void
}

const minuteMs = 60_000

/**
 * Opens the log of requests. Polls that end in a 304 are counted, and logged in a line a minute for each route.
 *
 * @param stop aborted when the server shuts down; from then on, each poll is logged
 */
export function openRequestLog(log: Logger, { LOG_POLLS }: Pick<Config, 'LOG_POLLS'>, stop?: AbortSignal): RequestLog {
  const counts = new Map<string, number>()

  const flush = () => {
    for (const [route, count] of counts) log.info({ route, status: 304, count }, 'polls')
    counts.clear()
  }
  stop?.addEventListener('abort', flush)

  const count = (route: string) => {
    if (counts.size === 0) setTimeout(flush, minuteMs).unref()
    counts.set(route, (counts.get(route) ?? 0) + 1)
  }

  const write: RequestLog['write'] = (head, answer, response, start) => {
    const { route } = head.progress
    const isCounted = answer.status === 304 && LOG_POLLS !== 'all' && !stop?.aborted
    if (isCounted && route !== undefined) return count(route)
    if (response.destroyed) return logRequest(log, head, answer, response, start)
    response.once('close', () => logRequest(log, head, answer, response, start))
  }
  return { write }
}

function logRequest(log: Logger, head: Head, answer: Rendered, response: ServerResponse, start: number): void {
  const { id, method, client, progress } = head
  const { route, account } = progress
  log.info(
    {
      id,
      method,
      route,
      from: client.address,
      status: answer.status,
      ms: Math.round(performance.now() - start),
      bytes: answer.body?.byteLength ?? 0,
      account,
      ...(!response.writableFinished && { aborted: true }),
    },
    'request',
  )
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
