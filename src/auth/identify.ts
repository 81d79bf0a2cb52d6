import type { Request } from 'express'
import type { Identity } from './identity.js'

export { challenge } from './basic.js'

/** One place of a request that may say who sends it: undefined where this request does not use it. */
export type Source = (request: Request) => Promise<Identity | undefined>

/**
 * Makes the function that says who sends a request. It says who, and what the credential is good for; never whether he
 * may.
 *
 * @param sources the first that a request uses decides
 * @returns asks of a request: null when it carries no credentials; rejects with Failure `unauthenticated`, always
 *   the same, when it carries any that are not right, `forbidden` when they came unprotected, `invalid` when it carries
 *   more than one, `tooMany` for whoever guesses, `unavailable` when too many sign in at once, or with the error of the
 *   database
 */
export function identifier(sources: readonly Source[]): (request: Request) => Promise<Identity | null> {
  return async (request) => {
    for (const source of sources) {
      const identity = await source(request)
      if (identity) return identity
    }
    return null
  }
}
