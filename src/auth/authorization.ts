import type { Request, RequestHandler, Response } from 'express'
import passport from 'passport'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { isAppSecret } from './app-secret.js'
import { signInByApp } from './app-sign-in.js'
import { StrictBasicStrategy } from './basic.js'
import { parseBearer } from './bearer.js'
import { type Identity, refused } from './identity.js'
import type { PasswordSignIn } from './password-sign-in.js'
import { checkIsPrivate } from './private.js'

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
