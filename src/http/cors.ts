import cors from 'cors'
import type { RequestHandler } from 'express'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']
const conditions = ['If-Match', 'If-None-Match', 'If-Modified-Since']
const exposed = ['ETag', 'Link', 'Location', 'Retry-After']
const checks = ['X-Profiles-Connection-Status', 'X-Profiles-Connection-Type']

/**
 * Lets pages of some other origins, and of no more, read answers and send what a browser asks leave for, with the
 * credentials it has (Fetch standard; feed-consumers, 7). What a page of any other origin gets says nothing of this.
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
