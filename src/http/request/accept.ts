import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Request, RequestHandler } from 'express'
import Negotiator from 'negotiator'

/**
 * Types in which a client may want a feed (docs/decisions.md, Browsers get a page). What takes anything takes a feed.
 */
const feedTypes = ['application/atom+xml', 'application/xml', 'text/xml', 'application/rss+xml', '*/*']

/** How much each media range of an Accept field is wanted, from 0 to 1 (RFC 9110, section 12.5.1). */
function weights(accept: string): ReadonlyMap<string, number> {
  const ranges = accept.split(',').map((part): [string, number] => {
    const [range = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase())
    const weight = Number(parameters.find((each) => each.startsWith('q='))?.slice(2) ?? 1)
    return [range, Number.isNaN(weight) ? 0 : weight]
  })
  return new Map(ranges)
}

/** Whether a page is wanted, and strictly more than a feed: so that browsers get one, and no feed reader does. */
export function wantsPage({ headers }: Pick<Request, 'headers'>): boolean {
  const wanted = weights(headers.accept ?? '')
  const page = wanted.get('text/html') ?? 0
  return page > 0 && feedTypes.every((type) => page > (wanted.get(type) ?? 0))
}

/** Answers with the page where a page is wanted, else with the feed. */
export const pageOr =
  (page: RequestHandler, feed: RequestHandler): RequestHandler =>
  (request, response, next) =>
    (wantsPage(request) ? page : feed)(request, response, next)

export type Encoding = 'br' | 'gzip' | 'identity'

const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)

/** The encoding that the client likes best; plain when it likes none that we have. */
export function chooseEncoding(request: { headers: Record<string, string | string[] | undefined> }): Encoding {
  const liked = new Negotiator(request).encoding(['br', 'gzip', 'identity'])
  return (liked as Encoding | undefined) ?? 'identity'
}

/** The bytes of a text in an encoding: the same for the same text, as a strong tag promises. */
export async function encode(text: string, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return compressGzip(text)
  // Beyond quality 5 brotli costs many times more than it saves on pages of this size.
  if (encoding === 'br') return compressBrotli(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
  return Buffer.from(text)
}
