import type { Request } from 'express'
import type { Config } from '../config.js'
import { isLoopback } from '../loopback.js'
import { Failure } from '../errors.js'
import type { Refusal } from './identity.js'

/**
 * Whether nobody else could read a request on its way: it came by TLS, be it to a proxy that we trust, or from this
 * machine (trust, A1).
 */
export function isPrivate(request: Request): boolean {
  const isTrusted = request.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean
  const isForwarded = isTrusted(request.socket.remoteAddress, 0) && request.headers['x-forwarded-proto'] !== undefined
  return request.secure || (!isForwarded && isLoopback(request.ip ?? ''))
}

/**
 * Refuses credentials that came where others could read them; they are not looked at.
 *
 * @throws Failure `forbidden`
 */
export function checkIsPrivate(request: Request, { ALLOW_INSECURE }: Pick<Config, 'ALLOW_INSECURE'>): void {
  if (ALLOW_INSECURE || isPrivate(request)) return
  throw new Failure('forbidden', 'Credentials are taken over https only. Others could read these on their way.', {
    cause: { reason: 'credentials without TLS' } satisfies Refusal,
  })
}
