import cors from 'cors'
import { Failure } from '../errors.js'
import type { Fields } from './answer.js'
import type { Head } from './exchange.js'

/** The origins whose pages may write. */
export interface Sites {
  /** Scheme, host and port of our own pages. */
  readonly own: string
  /** Origins of other trusted pages. */
  readonly trusted: readonly string[]
}

/**
 * Refuses cross-site writes by a browser (docs/trust.md, A9). Browsers attach credentials automatically, even for
 * Basic, and send a plain-text body without a preflight. A request with neither `Sec-Fetch-Site` nor `Origin` is taken
 * for one of another program. It passes unless its only credential is a session cookie.
 *
 * @throws Failure `forbidden`
 */
export function checkSite(head: Head, sites: Sites): void {
  if (!isFromOwnSite(head, sites)) throw new Failure('forbidden', 'Cross-site requests may not make changes.')
}

function isFromOwnSite({ headers, client }: Head, { own, trusted }: Sites): boolean {
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined && trusted.includes(origin)) return true
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  if (origin !== undefined) return origin === own
  return client.authorization.length > 0 || !client.session.isNamed
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']
const conditions = ['If-Match', 'If-None-Match', 'If-Modified-Since']
const exposed = ['ETag', 'Link', 'Location', 'Retry-After']
const checks = ['X-Profiles-Connection-Status', 'X-Profiles-Connection-Type']

/**
 * Creates a function that returns the CORS fields of an answer. They allow pages of these origins to send requests with
 * the browser's credentials and to read the answers (docs/decisions.md, Browsers write only for our own pages). For any
 * other origin, the only field is `Vary`.
 */
export function corsFor(origins: readonly string[]): (head: Pick<Head, 'method' | 'headers'>) => Fields {
  const allow = cors({
    origin: [...origins],
    credentials: true,
    methods,
    allowedHeaders: ['Authorization', 'Content-Type', ...conditions],
    exposedHeaders: [...exposed, ...checks],
    maxAge: 600,
    preflightContinue: true,
  })
  return ({ method, headers }) => {
    if (!origins.includes(headers.origin ?? '')) return { Vary: 'Origin' }
    const fields: Record<string, string> = {}
    const response = {
      getHeader: (name: string) => fields[name],
      setHeader: (name: string, value: string) => (fields[name] = value),
      end: () => {},
    }
    allow({ method, headers }, response, () => {})
    return fields
  }
}
