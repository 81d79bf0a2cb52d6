import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Failure } from '../errors.js'
import { remembered } from './fast/remembered.js'
import { type Client, type Identity, isPrivate, networkOf, type Session } from '../identity/identity.js'

/** The head of a request as plain values. */
export interface Head {
  /** Identifies the request in the log. */
  readonly id: string
  readonly method: string
  /** The path without the scheme, host and prefix that a client may send (docs/wire.md, Prefixes). */
  readonly path: string
  /** The text after the `?` of the address. */
  readonly search: string
  readonly headers: IncomingHttpHeaders
  readonly client: Client
  /**
   * Identifies the sender, and remembers the result for later calls. Null without credentials; rejects as `identifier`
   * does (`identity/authenticate.ts`).
   */
  readonly identity: () => Promise<Identity | null>
  /** Filled in while the request is answered. */
  readonly progress: Progress
}

/** A request as plain values, the only input of a handler. */
export interface Exchange extends Head {
  /** Empty if the request has no body. */
  readonly body: Uint8Array
  /** The decoded path parameters, by their name in the route. */
  readonly params: Readonly<Record<string, string>>
  /** Waits for a turn to do expensive work (`load.ts`). Rejects with Failure `unavailable` or `tooMany`. */
  readonly turn: () => Promise<void>
}

/** Details of a request that become known while it is handled. */
interface Progress {
  /** The pattern of the route. It is logged instead of the path, since a path may name a person. */
  route?: string
  /** Id of the caller's account. */
  account?: string
  /** Refunds the request to its quota (`caller.ts`). */
  refund?: () => void
}

const networkFor = remembered((address) => ({ network: networkOf(address) }))

/** A request of plain Node, or of Express. Express may change `url`, and keeps the received one in `originalUrl`. */
export interface Incoming extends IncomingMessage {
  readonly originalUrl?: string
}

/** The sender of a request, as far as the connection, trusted proxies and cookies tell. */
export interface Sender {
  /** The client's address, as reported by trusted proxies, if any. */
  readonly address: string
  /** Whether the client used TLS, as reported by trusted proxies, if any. */
  readonly isSecure: boolean
  readonly session: Session
}

/**
 * Reads the head of a request.
 *
 * @param identify finds the sender of a request
 */
export function headOf(
  request: Incoming,
  { address, isSecure, session }: Sender,
  identify: (client: Client) => Promise<Identity | null>,
): Head {
  const { headers, method = '', url = '' } = request
  const client: Client = {
    address,
    network: networkFor(address).network,
    isPrivate: isPrivate(headers, request.socket.remoteAddress, isSecure),
    authorization: valuesOf(request, 'authorization'),
    session,
  }
  const [, path = '', search = ''] = /^([^?#]*)\??(.*)$/s.exec(withoutPrefix(url)) ?? []
  const identity = onceKnown(() => identify(client))
  return { id: randomUUID(), method, path, search, headers, client, identity, progress: {} }
}

/** All values of a field. `headers` has the first value only of fields that must not repeat. */
export function valuesOf({ headers, rawHeaders }: IncomingMessage, name: 'authorization' | 'host'): string[] {
  if (headers[name] === undefined) return []
  const values: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at] as string
    if (field.length === name.length && field.toLowerCase() === name) values.push(rawHeaders[at + 1] as string)
  }
  return values
}

/**
 * Removes scheme, host and prefix from a URL. Clients use a prefix for each sign-in method, such as `/profiles/basic`,
 * but every sign-in method works under every prefix (docs/wire.md, Prefixes).
 */
const withoutPrefix = (url: string): string =>
  url
    .replace(/^https?:\/\/[^/?]*/i, '')
    .replace(/^(\/+profiles(\/(basic|oauth|form))?)?\/+(?=(admin\/)?atom\/|html\/|vcard\/|photo\.do)/, '/')

/** Memoizes a result or a Failure, but not other errors, such as those of the database. */
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

/** The media ranges that are compared with `text/html` (docs/decisions.md, Browsers get a page). */
const feedTypes = ['application/atom+xml', 'application/xml', 'text/xml', 'application/rss+xml', '*/*']

/** Whether the client gives `text/html` a higher weight than each of `feedTypes`. Browsers do, feed readers do not. */
export const wantsPage = ({ headers: { accept } }: Pick<Head, 'headers'>): boolean =>
  accept !== undefined && preferenceOf(accept).isPage

const preferenceOf = remembered((accept) => ({ isPage: prefersPage(accept) }))

function prefersPage(accept: string): boolean {
  if (!accept.toLowerCase().includes('text/html')) return false
  const wanted = weights(accept)
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
