import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { Logger } from 'pino'

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
