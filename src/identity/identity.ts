import type { Request } from 'express'
import type { Config } from '../config.js'
import { Failure } from '../errors.js'
import { isLoopback } from '../formats.js'
import type { Account, Right } from '../people/account.js'

/** What proxies add to what they pass on (RFC 7239, and its forerunners). */
const proxyFields = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Whether nobody else could read a request on its way: it came by TLS, be it to a proxy that we trust, or from this
 * machine (docs/trust.md, A1). What a proxy passes on did not begin here, also where nobody named that proxy to us.
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

/** Who sends a request, and what the credential that says so may be used for. */
export interface Identity {
  readonly account: Account
  readonly rights: readonly Right[]
}

/** Why somebody is not let in, for the log alone: whoever asks always gets the same answer. */
export interface Refusal {
  readonly reason: string
  /** Id of the account that was meant, where there is one. */
  readonly account?: string | undefined
}

/** The one answer to all credentials that are not right (docs/trust.md, A3; A6). */
export const refused = (reason: string, account?: string): Failure =>
  new Failure(
    'unauthenticated',
    'These credentials are not right: sign in with your user name and password, or with an app password that has not ended.',
    {
      cause: { reason, account } satisfies Refusal,
    },
  )
