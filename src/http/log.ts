import { randomUUID } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import type { Logger } from 'pino'
import { Failure } from '../errors.js'
import type { Refusal } from '../identity/identity.js'

/**
 * Logs one line for each request once it is over: what was asked for, as the route that took it, since addresses name
 * people, and how it went. A handler may leave the caller's account id in `response.locals.accountId`, and the route where
 * it is that of a router within; it finds the id of the line in `response.locals.requestId`.
 */
export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const id = randomUUID()
    response.locals['requestId'] = id
    const start = performance.now()
    response.once('close', () => {
      const { path } = (request.route as { path?: unknown } | undefined) ?? {}
      const { accountId: account, route = path } = response.locals as { accountId?: string; route?: string }
      log.info(
        {
          id,
          method: request.method,
          route,
          from: request.ip,
          status: response.statusCode,
          ms: Math.round(performance.now() - start),
          bytes: Number(response.getHeader('Content-Length') ?? 0),
          account,
          ...(!response.writableFinished && { aborted: true }),
        },
        'request',
      )
    })
    next()
  }
}

/**
 * Logs what somebody did that decides who gets in, and from where (docs/trust.md, L2).
 *
 * @param what with ids alone: no name and no secret
 */
export function logEvent(
  log: Logger,
  request: Request,
  message: string,
  what: Readonly<Record<string, string | number>>,
): void {
  const { requestId: id, accountId: account } = (request.res?.locals ?? {}) as {
    requestId?: string
    accountId?: string
  }
  log.info({ id, account, ...what, from: request.ip }, message)
}

/**
 * Logs that somebody was not let in or not allowed something, why, and from where (docs/trust.md, L2). What was typed
 * for a name may be a password, so only the id of an account is named.
 */
export function logRefusal(log: Logger, request: Request, status: number, error: unknown): void {
  if (![401, 403, 429].includes(status)) return
  const { message, cause } = error as Error
  const { reason = message, account } = (cause ?? {}) as Partial<Refusal>
  logEvent(log, request, 'refused', { status, reason, ...(account !== undefined && { account }) })
}

/** In how many seconds a request that met a limit may come again. */
export const secondsToRetry = (error: unknown): number => (error instanceof Failure && error.retryAfter) || 1
