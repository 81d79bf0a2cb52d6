import cors from 'cors'
import type { Request, RequestHandler } from 'express'
import { Failure } from '../errors.js'
import type { HttpServices } from './services.js'

/** Which pages may send writes, and which requests only a browser sends. */
export interface Sites {
  /** Scheme, host and port of our own pages. */
  readonly own: string
  /** The origins of other pages that may change things too. */
  readonly trusted: readonly string[]
  /** Whether the request has a person's session. */
  readonly hasSession: (request: Request) => boolean
}

/** The sites of a door. */
export const sitesOf = ({ baseUrl, config, sessions }: HttpServices): Sites => ({
  own: new URL(baseUrl).origin,
  trusted: config.CORS_ORIGINS,
  hasSession: sessions.isNamedBy,
})

/**
 * Refuses a write that a page of another site has a browser send (docs/trust.md, A9): a browser adds a person's
 * credentials by itself, Basic ones too, and our bodies may be called plain text, for which it asks nobody. What is no
 * browser says nothing of sites, and passes; but it has no session either.
 *
 * @throws Failure `forbidden`
 */
export function fromOwnSite(sites: Sites): RequestHandler {
  return (request, _response, next) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(request.method) || isOwn(request, sites)) return next()
    throw new Failure('forbidden', 'A page of another site may not change anything here.')
  }
}

function isOwn(request: Request, { own, trusted, hasSession }: Sites): boolean {
  const { origin, 'sec-fetch-site': site, authorization } = request.headers
  if (origin !== undefined && trusted.includes(origin)) return true
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  if (origin !== undefined) return origin === own
  return authorization !== undefined || !hasSession(request)
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']
const conditions = ['If-Match', 'If-None-Match', 'If-Modified-Since']
const exposed = ['ETag', 'Link', 'Location', 'Retry-After']
const checks = ['X-Profiles-Connection-Status', 'X-Profiles-Connection-Type']

/**
 * Lets pages of some other origins, and of no more, read answers and send what a browser asks leave for, with the
 * credentials it has (docs/decisions.md, Browsers write only for our own pages). What a page of any other origin gets
 * says nothing of this.
 *
 * @param origins none leaves everything as it is
 */
export function forOrigins(origins: readonly string[]): RequestHandler {
  const allow = cors({
    origin: [...origins],
    credentials: true,
    methods,
    allowedHeaders: ['Authorization', 'Content-Type', ...conditions],
    exposedHeaders: [...exposed, ...checks],
    maxAge: 600,
    preflightContinue: true,
  })
  return (request, response, next) => {
    if (origins.length > 0) response.vary('Origin')
    if (origins.includes(request.headers.origin ?? '')) return allow(request, response, next)
    next()
  }
}
