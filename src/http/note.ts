import type { Request } from 'express'
import type { Logger } from 'pino'

/**
 * Logs what somebody did that decides who gets in, and from where (trust, L2).
 *
 * @param what with ids alone: no name and no secret
 */
export function note(
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
