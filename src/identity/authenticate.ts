import type { Request, RequestHandler, Response } from 'express'
import passport from 'passport'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { appSecretHash, hasChecksum, isAppSecret } from './app-password.js'
import { StrictBasicStrategy } from './basic.js'
import { findAppSignIn, recordUse } from './credential-store.js'
import { checkIsPrivate, type Identity, refused } from './identity.js'
import type { PasswordSignIn } from './password-sign-in.js'

/**
 * Makes the function that says whose the Authorization field of a request is: a password or an app password by Basic, or
 * an app password alone as a Bearer token. Of which kind a secret is follows from its form alone, so that no kind pays
 * for another; whatever is no app password is a password.
 *
 * @param signIn says whose a password is
 * @returns asks of a request: undefined when it has no such field; rejects as `identifier` does
 */
export function authorization(
  context: Pick<Context, 'db' | 'log' | 'config'>,
  signIn: PasswordSignIn,
): (request: Request) => Promise<Identity | undefined> {
  const basic = new StrictBasicStrategy((credentials, request) =>
    isAppSecret(credentials.password)
      ? signInByApp(context, credentials.password, credentials.user)
      : signIn(credentials, request.ip ?? ''),
  )
  // Registered, so that passport gives each request a strategy of its own: one object for all would mix them up.
  const authenticator = new passport.Passport().use(basic)
  return async (request) => {
    const [field, ...others] = request.headersDistinct['authorization'] ?? []
    if (field === undefined) return undefined
    checkIsPrivate(request, context.config)
    if (others.length > 0) throw new Failure('invalid', 'The request has more than one Authorization header field.')
    const token = parseBearer(field)
    if (token === undefined) return authenticate(authenticator, request)
    if (isAppSecret(token)) return signInByApp(context, token, null)
    throw refused('bearer token that is no app password')
  }
}

/** Passport's middleware as a question with an answer. */
function authenticate(authenticator: passport.Authenticator, request: Request): Promise<Identity> {
  return new Promise((resolve, reject) => {
    const answer = (error: Error | null, identity: Identity | false) => {
      if (identity) resolve(identity)
      else reject(error ?? refused('malformed Authorization field'))
    }
    const middleware = authenticator.authenticate('basic', { session: false }, answer) as RequestHandler
    void middleware(request, request.res as Response, reject)
  })
}

/**
 * Reads the token of an Authorization field (RFC 6750, section 2.1).
 *
 * @returns undefined when the field is of another scheme, or malformed
 */
const parseBearer = (header: string): string | undefined => /^bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1]

export { challenge } from './basic.js'

/** One place of a request that may say who sends it: undefined where this request does not use it. */
type Source = (request: Request) => Promise<Identity | undefined>

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

/**
 * Whose app password this is. A typing error costs no look-up, and nothing costs a slow hash.
 *
 * @param name by which that person has to sign in; null where no name came with it
 * @throws Failure `unauthenticated` where it is nobody's, has ended, or is not of whoever has the name
 */
export async function signInByApp(
  { db, log }: Pick<Context, 'db' | 'log'>,
  secret: string,
  name: string | null,
): Promise<Identity> {
  if (!hasChecksum(secret)) throw refused('app password with a wrong checksum')
  const found = await findAppSignIn(db, appSecretHash(secret), name)
  if (!found) throw refused('app password that is unknown, ended or of another name')
  // A reader is served although, say, the disk is full.
  if (!found.isNoted) await recordUse(db, found.id).catch((error) => log.warn({ err: error }, 'use not noted'))
  return { account: found.account, rights: found.scopes }
}
