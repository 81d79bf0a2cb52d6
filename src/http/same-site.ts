import type { RequestHandler } from 'express'
import { Failure } from '../errors.js'

/**
 * Refuses a write that a page of another site has a browser send (trust, A9): a browser adds a person's credentials by
 * itself, Basic ones too, and our bodies may be called plain text, for which it asks nobody. What is no browser says
 * nothing of sites, and passes.
 *
 * @param origin scheme, host and port of our own pages
 * @throws Failure `forbidden`
 */
export function fromOwnSite(origin: string): RequestHandler {
  return ({ method, headers }, _response, next) => {
    const site = headers['sec-fetch-site']
    const isOwn =
      site === undefined
        ? headers.origin === undefined || headers.origin === origin
        : site === 'same-origin' || site === 'none'
    if (isOwn || method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return next()
    throw new Failure('forbidden', 'A page of another site may not change anything here.')
  }
}
