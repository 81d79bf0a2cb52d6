import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Failure } from '../errors.js'
import { type Client, type Identity, isPrivate, networkOf, type Session } from '../identity/identity.js'

/** The head of a request as plain values. */
export interface Head {
  /** Identifies the request in the log. */
  readonly id: string
  readonly method: string
  /** Without the scheme, host and prefix that a client may put before it (docs/wire.md, Prefixes). */
  readonly path: string
  /** The text after the `?` of the address. */
  readonly search: string
  readonly headers: IncomingHttpHeaders
  readonly client: Client
  /**
   * Identifies the sender, once for each request. Null without credentials; rejects as `identifier` does
   * (`identity/authenticate.ts`).
   */
  readonly identity: () => Promise<Identity | null>
  /** Filled in while the request is answered. */
  readonly progress: Progress
}

/** A request as plain values, the only input of a handler. */
export interface Exchange extends Head {
  /** Empty if there is none. */
  readonly body: Uint8Array
  /** The variable parts of the path, decoded, by their name in the route. */
  readonly params: Readonly<Record<string, string>>
  /** Waits until an expensive answer may be made (`load.ts`). Rejects with Failure `unavailable` or `tooMany`. */
  readonly turn: () => Promise<void>
}

/** Findings of the pipeline about a request. */
interface Progress {
  /** The pattern of the route, for the log: paths name people. */
  route?: string
  /** Id of the caller's account. */
  account?: string
  /** Refunds the request to its quota (`caller.ts`). */
  refund?: () => void
}

/** A request as Express or Node gives it. */
interface Incoming extends IncomingMessage {
  /** The address of the client, as the trusted proxies name it. */
  readonly ip?: string | undefined
  /** Whether the client speaks TLS, as the trusted proxies say. */
  readonly secure?: boolean
}

/**
 * Reads the head of a request.
 *
 * @param identify finds the sender of a request
 */
export function headOf(
  request: Incoming,
  session: Session,
  identify: (client: Client) => Promise<Identity | null>,
): Head {
  const { headers, method = '', url = '' } = request
  const address = request.ip ?? ''
  const client: Client = {
    address,
    network: networkOf(address),
    isPrivate: isPrivate(headers, request.socket.remoteAddress, request.secure ?? false),
    authorization: request.headersDistinct['authorization'] ?? [],
    session,
  }
  const [, path = '', search = ''] = /^([^?#]*)\??(.*)$/s.exec(withoutPrefix(url)) ?? []
  const identity = onceKnown(() => identify(client))
  return { id: randomUUID(), method, path, search, headers, client, identity, progress: {} }
}

/**
 * Clients put a prefix for their sign-in method before `/atom`. Every method works under every prefix (docs/wire.md,
 * Prefixes).
 */
const withoutPrefix = (url: string): string =>
  url
    .replace(/^https?:\/\/[^/?]*/i, '')
    .replace(/^(\/+profiles(\/(basic|oauth|form))?)?\/+(?=(admin\/)?atom\/|html\/|vcard\/|photo\.do)/, '/')

/** Memoizes a result or a refusal, but no other error, such as one of the database. */
function onceKnown<Result>(ask: () => Promise<Result>): () => Promise<Result> {
  let answer: Promise<Result> | undefined
  return () =>
    (answer ??= ask().catch((error: unknown) => {
      if (!(error instanceof Failure)) answer = undefined
      throw error
    }))
}

/** Whether the method only reads. */
export const isSafe = ({ method }: Pick<Head, 'method'>): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(method)

/** Media types of a feed (docs/decisions.md, Browsers get a page). */
const feedTypes = ['application/atom+xml', 'application/xml', 'text/xml', 'application/rss+xml', '*/*']

/** Whether the client prefers HTML to every feed type. Browsers do, feed readers do not. */
export function wantsPage({ headers }: Pick<Head, 'headers'>): boolean {
  if (!headers.accept?.toLowerCase().includes('text/html')) return false
  const wanted = weights(headers.accept)
  const page = wanted.get('text/html') ?? 0
  return page > 0 && feedTypes.every((type) => page > (wanted.get(type) ?? 0))
}

/** The weight of each media range of an Accept field, from 0 to 1 (RFC 9110, section 12.5.1). */
function weights(accept: string): ReadonlyMap<string, number> {
  const ranges = accept.split(',').map((part): [string, number] => {
    const [range = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase())
    const weight = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1)
    return [range, Number.isNaN(weight) ? 0 : weight]
  })
  return new Map(ranges)
}
