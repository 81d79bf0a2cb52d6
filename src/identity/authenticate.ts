import passport from 'passport'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { appSecretHash, hasChecksum, isAppSecret } from './app-password.js'
import { StrictBasicStrategy } from './basic.js'
import { findAppSignIn, recordUse } from './sign-in-store.js'
import { checkIsPrivate, type Client, type Identity, refused } from './identity.js'
import { rememberSenders } from './known-credentials.js'
import type { PasswordSignIn } from './password-sign-in.js'

export { challenge } from './basic.js'

/** Reads one kind of credentials from a request. Undefined if the request has none of this kind. */
type Source = (client: Client) => Promise<Identity | undefined>

/**
 * Creates the function that identifies the sender of a request, and the rights of its credential. Access is decided
 * elsewhere.
 *
 * @param sources in order of precedence
 * @returns a function that returns null for a request without credentials. It rejects with Failure `unauthenticated`,
 *   always the same, for invalid credentials; `forbidden` for unprotected ones; `invalid` for more than one; `tooMany`
 *   after too many wrong passwords; `unavailable` if too many users sign in at once; or the error of the database
 */
export function identifier(sources: readonly Source[]): (client: Client) => Promise<Identity | null> {
  return async (client) => {
    for (const source of sources) {
      const identity = await source(client)
      if (identity) return identity
    }
    return null
  }
}

/**
 * Creates the source for the Authorization field: a password or an app password by Basic, or an app password as a
 * Bearer token. The form of a secret tells passwords and app passwords apart, so that one query is enough.
 *
 * @param signIn checks a password
 */
export function authorization(context: Pick<Context, 'db' | 'log' | 'config' | 'now'>, signIn: PasswordSignIn): Source {
  const basic = new StrictBasicStrategy((credentials, { address }) =>
    isAppSecret(credentials.password)
      ? signInByApp(context, credentials.password, credentials.user)
      : signIn(credentials, address),
  )
  // Passport copies a registered strategy for each request. A shared strategy object would mix up concurrent requests.
  const authenticator = new passport.Passport().use(basic)
  const identify = rememberSenders(context, async (client, field) => {
    const token = parseBearer(field)
    if (token === undefined) return authenticate(authenticator, client)
    if (isAppSecret(token)) return signInByApp(context, token, null)
    throw refused('bearer token that is not an app password')
  })
  return async (client) => {
    const [field, ...others] = client.authorization
    if (field === undefined) return undefined
    checkIsPrivate(client, context.config)
    if (others.length > 0) throw new Failure('invalid', 'The request has more than one Authorization header field.')
    return identify(client, field)
  }
}

type Middleware = (request: object, response: unknown, next: (error: unknown) => void) => void

/** Runs Passport's middleware as a promise. */
function authenticate(authenticator: passport.Authenticator, client: Client): Promise<Identity> {
  return new Promise((resolve, reject) => {
    const answer = (error: Error | null, identity: Identity | false) => {
      if (identity) resolve(identity)
      else reject(error ?? refused('malformed Authorization field'))
    }
    const middleware = authenticator.authenticate('basic', { session: false }, answer) as Middleware
    middleware({ client }, undefined, reject)
  })
}

/**
 * Reads the token of an Authorization field (RFC 6750, section 2.1).
 *
 * @returns undefined if the field has another scheme or is malformed
 */
const parseBearer = (header: string): string | undefined => /^bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1]

/**
 * Finds the account of an app password. The checksum rejects typing errors without a query.
 *
 * @param name the user name sent with the secret; null for a bearer token
 * @throws Failure `unauthenticated` if the secret is unknown or expired, or the user name belongs to another account
 */
export async function signInByApp(
  { db, log }: Pick<Context, 'db' | 'log'>,
  secret: string,
  name: string | null,
): Promise<Identity> {
  if (!hasChecksum(secret)) throw refused('app password with a wrong checksum')
  const found = await findAppSignIn(db, appSecretHash(secret), name)
  if (!found) throw refused('app password that is unknown, expired or for another user name')
  // Failing to record the last use must not fail the request.
  if (!found.isNoted)
    await recordUse(db, found.id).catch((error) => log.warn({ err: error }, 'use of an app password not recorded'))
  return { account: found.account, rights: found.scopes, proof: found.proof }
}
