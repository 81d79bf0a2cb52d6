import { hkdfSync } from 'node:crypto'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import session from 'express-session'
import passport from 'passport'
import type { Context } from '../context.js'
import { type Account, ownRights } from '../people/account.js'
import { replacePassword } from './credential-store.js'
import { findSignIn } from './sign-in-store.js'
import { checkIsPrivate, type Client, type Credentials, type Identity, refused, type Session } from './identity.js'
import type { PasswordSignIn } from './password-sign-in.js'
import { hashPassword } from './password.js'
import { endSessions, SessionStore, type SignedIn } from './session-store.js'

/** Derives the key that signs cookies from a token secret, so that all servers of one database share it. */
export const sessionKey = (secret: Uint8Array): string =>
  Buffer.from(hkdfSync('sha256', secret, '', 'connections session cookie', 32)).toString('base64url')

/**
 * Adapts express-session and passport. They run only for requests that have or open a session.
 *
 * @returns a function that returns the session of an Express request
 */
export function openSessions({
  db,
  sessionKeys,
  baseUrl,
}: Pick<Context, 'db' | 'sessionKeys' | 'baseUrl'>): (request: Request) => Session {
  const secure = baseUrl.startsWith('https:')
  // Browsers accept this prefix only from this host, and only over TLS (RFC 6265bis, section 4.1.3.2).
  const name = secure ? '__Host-connections' : 'connections'
  const cookie = { path: '/', httpOnly: true, secure, sameSite: 'lax' } as const
  const named = new RegExp(`(^|;) *${name}=`)

  const authenticator = new passport.Passport()
  authenticator.serializeUser((user, done) => done(null, user))
  authenticator.deserializeUser<Express.User>((user, done) => done(null, user))
  // If the base URL is unknown or not https, a session opened over TLS still gets a Secure cookie.
  const begun = { ...cookie, secure: secure || ('auto' as const) }
  const store = new SessionStore(db)
  const middlewares = [
    session({ name, secret: [...sessionKeys], store, cookie: begun, resave: false, saveUninitialized: false }),
    authenticator.authenticate('session') as RequestHandler,
  ]

  return (request) => {
    /** Runs the middlewares; they set `request.session` and `request.login`. */
    const load = async (): Promise<SignedIn | undefined> => {
      for (const middleware of middlewares) await through(middleware, request)
      return request.user as SignedIn | undefined
    }
    const forget = () => void request.res?.clearCookie(name, cookie)
    return {
      isNamed: named.test(request.headers.cookie ?? ''),
      load,
      forget,
      open: async (signedIn) => {
        await load()
        // express-session sets a Secure cookie only over TLS, but TLS may end at a proxy that `TRUST_PROXY` does not
        // name.
        if (secure) Object.defineProperty(request, 'secure', { value: true })
        try {
          await settled((done) => request.login(signedIn, done))
        } catch (error) {
          // Otherwise express-session would save an incomplete session before it sends the refusal.
          Reflect.deleteProperty(request, 'session')
          throw error
        }
      },
      end: async () => {
        await settled((done) => request.session.destroy(done))
        forget()
      },
    }
  }
}

/** Turns a callback into a promise. */
const settled = (work: (done: (error?: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())))

const through = (middleware: RequestHandler, request: Request): Promise<void> =>
  settled((done) => void middleware(request, request.res as Response, done as NextFunction))

type Settings = Pick<Context, 'db' | 'config'>

/**
 * Finds the account of a session cookie, and the id of the password that opened the session. Clears the cookie of an
 * ended session.
 *
 * @returns undefined without a cookie (no query is made), and for an ended session
 * @throws Failure `forbidden` for an unprotected request, or the error of the database
 */
async function signedInOf({ config }: Pick<Context, 'config'>, client: Client): Promise<SignedIn | undefined> {
  const { session } = client
  if (!session.isNamed) return undefined
  checkIsPrivate(client, config)
  const signedIn = await session.load()
  if (!signedIn) session.forget()
  return signedIn
}

/** Identifies the client by its session (`authenticate.ts`). Results and errors as for `signedInOf`. */
export async function sessionIdentity(
  settings: Pick<Context, 'config'>,
  client: Client,
): Promise<Identity | undefined> {
  const signedIn = await signedInOf(settings, client)
  return signedIn && { account: signedIn.account, rights: ownRights }
}

/**
 * Signs a browser in. The new session has a new id and replaces an older session.
 *
 * @throws Failure `unauthenticated` for a wrong user name or password, with one message for both; `forbidden` for
 *   credentials sent without TLS (`checkIsPrivate`); and the errors of `check`
 */
export async function signIn(
  { db, config }: Settings,
  check: PasswordSignIn,
  client: Client,
  credentials: Credentials,
): Promise<Account> {
  checkIsPrivate(client, config)
  // Read before the check, so that a password change in between ends the new session at once.
  const credentialId = (await findSignIn(db, credentials.user))?.credentialId
  const { account } = await check(credentials, client.address)
  if (!credentialId) throw refused('password replaced during the request')
  await client.session.open({ account, credentialId })
  return account
}

/**
 * Ends the session of a browser, or all sessions of its account.
 *
 * @returns the account; undefined if there was no session
 */
export async function signOut(
  { db }: Pick<Context, 'db'>,
  { session }: Client,
  scope: 'this' | 'all',
): Promise<Account | undefined> {
  if (!session.isNamed) return undefined
  const signedIn = await session.load()
  if (signedIn && scope === 'all') await endSessions(db, signedIn.credentialId)
  await session.end()
  return signedIn?.account
}

/** The fields of the form for changing a password. */
export interface PasswordChange {
  readonly present: string
  readonly fresh: string
}

/**
 * Changes the password of a session's account. Ends its other sessions, and gives this one a new id (docs/trust.md, A8;
 * A9). App passwords keep working.
 *
 * @param check the password check of the sign-in form, so that one throttle counts guesses in both
 * @throws Failure `unauthenticated` if there is no session, the current password is wrong, or the password was changed
 *   in the meantime; `invalid` for an unsuitable new password; and the errors of the check
 */
export async function changePassword(
  settings: Settings,
  check: PasswordSignIn,
  client: Client,
  { present, fresh }: PasswordChange,
): Promise<void> {
  const { db } = settings
  const signedIn = await signedInOf(settings, client)
  if (!signedIn) throw refused('no session')
  const { account, credentialId: before } = signedIn
  await check({ user: account.userId, password: present }, client.address)
  const credentialId = await replacePassword(db, before, await hashPassword(fresh))
  if (credentialId === undefined) throw refused('password replaced during the request', account.id)
  await endSessions(db, before)
  await client.session.open({ account, credentialId })
}
