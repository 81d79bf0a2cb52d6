import type { Request } from 'express'
import type { Config } from '../config.js'
import { isLoopback } from '../loopback.js'
import { Failure } from '../errors.js'
import type { Refusal } from './identity.js'

/** What proxies add to what they pass on (RFC 7239, and its forerunners). */
const proxyFields = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Whether nobody else could read a request on its way: it came by TLS, be it to a proxy that we trust, or from this
 * machine (trust, A1). What a proxy passes on did not begin here, also where nobody named that proxy to us.
 */
function isPrivate(request: Request): boolean {
  const isFromHere =
    isLoopback(request.socket.remoteAddress ?? '') && !proxyFields.some((name) => name in request.headers)
  return request.secure || isFromHere
}

/**
 * Refuses credentials that came where others could read them; they are not looked at.
 *
 * @throws Failure `forbidden`
 */
export function checkIsPrivate(request: Request, { ALLOW_INSECURE }: Pick<Config, 'ALLOW_INSECURE'>): void {
  if (ALLOW_INSECURE || isPrivate(request)) return
  throw new Failure('forbidden', 'Credentials are taken over https only. Others could read these on their way.', {
    cause: { reason: 'credentials without TLS, or by a proxy that TRUST_PROXY does not name' } satisfies Refusal,
  })
}
