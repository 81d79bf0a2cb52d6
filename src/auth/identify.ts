import type { Request, RequestHandler, Response } from 'express'
import type { Kysely } from 'kysely'
import passport from 'passport'
import type { Account, Caller } from '../accounts/account.js'
import { findSignIn } from '../accounts/sign-in-store.js'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { type Credentials, StrictBasicStrategy } from './basic.js'
import { verifyPassword } from './password.js'

export { challenge } from './basic.js'

/**
 * Makes the function that says who sends a request. It says who, never whether he may.
 *
 * @param withoutField says so of a request without an Authorization field, which always wins
 * @returns asks of a request: null when it carries no credentials; rejects with Failure `unauthenticated`, always
 *   the same, when it carries any that are not right, `invalid` when it carries more than one, `unavailable` when
 *   too many sign in at once, or with the error of the database
 */
export function identifier(
  db: Kysely<Tables>,
  withoutField: (request: Request) => Promise<Caller> = () => Promise.resolve(null),
): (request: Request) => Promise<Caller> {
  // Registered, so that passport gives each request a strategy of its own: one object for all would mix them up.
  const authenticator = new passport.Passport().use(new StrictBasicStrategy((credentials) => signIn(db, credentials)))
  return async (request) => {
    const fields = request.headersDistinct['authorization'] ?? []
    if (fields.length === 0) return withoutField(request)
    if (fields.length > 1) throw new Failure('invalid', 'The request has more than one Authorization header field.')
    const account = await authenticate(authenticator, request)
    if (account) return account
    throw wrongCredentials()
  }
}

/** The one answer to all credentials that are not right (trust, A6). */
export const wrongCredentials = () =>
  new Failure('unauthenticated', 'Sign in with your user name and password: these are not right.')

/** Passport's middleware as a question with an answer. */
function authenticate(authenticator: passport.Authenticator, request: Request): Promise<Account | false> {
  return new Promise((resolve, reject) => {
    const answer = (error: Error | null, account: Account | false) => (error ? reject(error) : resolve(account))
    const middleware = authenticator.authenticate('basic', { session: false }, answer) as RequestHandler
    void middleware(request, request.res as Response, reject)
  })
}

/**
 * Whose name and secret these are. Of which kind a secret is follows from its form alone, so that no kind pays for
 * another; whatever is of no other kind is a password.
 */
export async function signIn(db: Kysely<Tables>, { user, password }: Credentials): Promise<Account | undefined> {
  const found = await findSignIn(db, user)
  const right = await verifyPassword(found?.secret ?? null, password)
  return right && found?.account.state === 'active' ? found.account : undefined
}
