import type { IncomingHttpHeaders } from 'node:http'
import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Config } from '../config.js'
import { Failure } from '../errors.js'
import { isLoopback } from '../formats.js'
import type { Account, Right } from '../people/account.js'
import type { SignedIn } from './session-store.js'

/** The client of a request: its address, and the credentials that it presents. */
export interface Client {
  readonly address: string
  /** The network of the address (`networkOf`). */
  readonly network: string
  /** Whether the request was protected in transit (`isPrivate`). */
  readonly isPrivate: boolean
  /** The values of all Authorization fields. */
  readonly authorization: readonly string[]
  readonly session: Session
}

/** The browser session identified by the cookie of a request. */
export interface Session {
  /** Whether the request has a session cookie, valid or not. */
  readonly isNamed: boolean
  /** Reads the session from the database. Undefined if it does not exist or has ended. */
  readonly load: () => Promise<SignedIn | undefined>
  /** Replaces this session with a new one under a new id. The response sets the cookie. */
  readonly open: (signedIn: SignedIn) => Promise<void>
  /** Ends the loaded session, and clears the cookie. */
  readonly end: () => Promise<void>
  /** Clears the cookie. */
  readonly forget: () => void
}

/** A user name and a password as a client presents them. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

/** The sender of a request, and the rights of its credential. */
export interface Identity {
  readonly account: Account
  readonly rights: readonly Right[]
  /** The state of the rows that prove it; absent for a session. */
  readonly proof?: Proof
}

/** The rows of an account and a credential. */
export interface Proof {
  readonly accountId: string
  readonly credentialId: string
  /** Changes with every change of the rows. */
  readonly stamp: string
}

/** Whether a request carries credentials of any kind, valid or not. */
export const hasCredentials = ({ authorization, session }: Client): boolean =>
  authorization.length > 0 || session.isNamed

/** Header fields that proxies add to a request (RFC 7239 and its predecessors). */
const proxyFields = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Whether a request was protected in transit: by TLS (to this server or to a trusted proxy), or because it came from
 * this machine (docs/trust.md, A1). A proxied request never counts as from this machine, even if `TRUST_PROXY` does not
 * name the proxy.
 *
 * @param peer the address at the other end of the connection
 */
export function isPrivate(headers: IncomingHttpHeaders, peer: string | undefined, isSecure: boolean): boolean {
  return isSecure || (isLoopback(peer ?? '') && !proxyFields.some((name) => name in headers))
}

/**
 * Refuses credentials that others could have read in transit, without checking them.
 *
 * @throws Failure `forbidden`
 */
export function checkIsPrivate(client: Client, { ALLOW_INSECURE }: Pick<Config, 'ALLOW_INSECURE'>): void {
  if (ALLOW_INSECURE || client.isPrivate) return
  throw new Failure(
    'forbidden',
    'Credentials are accepted over https only. These credentials may have been intercepted.',
    {
      cause: {
        reason: 'credentials without TLS, or through a proxy that TRUST_PROXY does not name',
      } satisfies RefusalReason,
    },
  )
}

/** The reason for a refusal, for the log only. The client always gets the same answer. */
export interface RefusalReason {
  readonly reason: string
  /** Id of the account that the client named, if it exists. */
  readonly account?: string | undefined
}

/** The same answer for all invalid credentials (docs/trust.md, A3; A6). */
export const refused = (reason: string, account?: string): Failure =>
  new Failure(
    'unauthenticated',
    'Invalid credentials. Use your user name and password, or an app password that has not expired.',
    { cause: { reason, account } satisfies RefusalReason },
  )

/** An address with a port, as some proxies send it. The port changes with each connection. */
const withPort = /^(?:\[([\da-f:.]+)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/i

/**
 * The network of an address: the IPv4 address itself, or the /64 of an IPv6 address, since one client usually has a
 * whole /64. Other texts are returned unchanged.
 */
export function networkOf(text: string): string {
  const [, bracketed, bare] = withPort.exec(text) ?? []
  const address = bracketed ?? bare ?? text
  if (!isIPv6(address)) return address
  const parsed = ipaddr.process(address.replace(/%.*/, ''))
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return (parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')
}
