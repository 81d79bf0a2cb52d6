import { hkdfSync } from 'node:crypto'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import session from 'express-session'
import passport from 'passport'
import type { Context } from '../context.js'
import { type Account, ownRights } from '../people/account.js'
import type { Credentials } from './basic.js'
import { findSignIn, replacePassword } from './credential-store.js'
import { checkIsPrivate, type Identity, refused } from './identity.js'
import type { PasswordSignIn } from './password-sign-in.js'
import { hashPassword } from './password.js'
import { endSessions, SessionStore, type SignedIn } from './session-store.js'

/** Sessions of browsers, by cookie. */
export interface Sessions {
  /** Whether a request names a session. */
  readonly isNamedBy: (request: Request) => boolean
  /**
   * Whose session a request names: undefined for none, and for one that is over, which the browser is then told to forget. The
   * database is asked only where a request names one. Rejects with Failure `forbidden` where it came unprotected, or with the
   * error of the database.
   */
  readonly identityOf: (request: Request) => Promise<Identity | undefined>
  /**
   * Opens a session with a new id, in place of the one that the request names, if any; the answer sets the cookie.
   * Resolves to whose it is. Rejects with Failure `unauthenticated`, always the same, where the name and password are not right, `forbidden` where
   * they came unprotected, and as their check does.
   */
  readonly begin: (request: Request, credentials: Credentials) => Promise<Account>
  /** As `identityOf`, with the id of the password that opened the session. */
  readonly signedInOf: (request: Request) => Promise<SignedIn | undefined>
  /** Opens one, as `begin` does, for somebody whose password was checked. */
  readonly open: (request: Request, signedIn: SignedIn) => Promise<void>
  /**
   * Ends the session that a request names, or all of its account; the browser is told to forget it. Resolves to whose it
   * was, if anybody's.
   */
  readonly end: (request: Request, which: 'this' | 'all') => Promise<Account | undefined>
}

/** A key that cookies are signed with, made of a secret of tokens: so every server on one database has it. */
export const sessionKey = (secret: Uint8Array): string =>
  Buffer.from(hkdfSync('sha256', secret, '', 'connections session cookie', 32)).toString('base64url')

/**
 * Makes them. Express-session and passport do the work, but only where there is a session or is to be one: a feed
 * reader's request never gets here.
 *
 * @param check whose name and password these are; rejects when nobody's
 */
export function openSessions(
  { db, sessionKeys, baseUrl, config }: Pick<Context, 'db' | 'sessionKeys' | 'baseUrl' | 'config'>,
  check: PasswordSignIn,
): Sessions {
  const secure = baseUrl.startsWith('https:')
  // A browser takes a name with this prefix only from us, and over TLS (RFC 6265bis, section 4.1.3.2).
  const name = secure ? '__Host-connections' : 'connections'
  const cookie = { path: '/', httpOnly: true, secure, sameSite: 'lax' } as const
  const named = new RegExp(`(^|;) *${name}=`)

  const authenticator = new passport.Passport()
  authenticator.serializeUser((user, done) => done(null, user))
  authenticator.deserializeUser<Express.User>((user, done) => done(null, user))
  // Where the base is unknown or plain, a browser that came by TLS still shows its cookie to nobody else.
  const begun = { ...cookie, secure: secure || ('auto' as const) }
  const store = new SessionStore(db)
  const middlewares = [
    session({ name, secret: [...sessionKeys], store, cookie: begun, resave: false, saveUninitialized: false }),
    authenticator.authenticate('session') as RequestHandler,
  ]

  /** @returns who it is, with `request.session` and `request.login` at hand from then on */
  const load = async (request: Request): Promise<SignedIn | undefined> => {
    for (const middleware of middlewares) await through(middleware, request)
    return request.user as SignedIn | undefined
  }
  const forget = (request: Request) => void request.res?.clearCookie(name, cookie)
  const isNamedBy: Sessions['isNamedBy'] = ({ headers }) => named.test(headers.cookie ?? '')

  const signedInOf: Sessions['signedInOf'] = async (request) => {
    if (!isNamedBy(request)) return undefined
    checkIsPrivate(request, config)
    const who = await load(request)
    if (!who) forget(request)
    return who
  }

  const open: Sessions['open'] = async (request, signedIn) => {
    await load(request)
    // Express-session sets a Secure cookie only over TLS, of which the proxy before us alone knows.
    if (secure) Object.defineProperty(request, 'secure', { value: true })
    try {
      await settled((done) => request.login(signedIn, done))
    } catch (error) {
      // Else express-session would try to keep what is left of it before it lets the refusal go.
      Reflect.deleteProperty(request, 'session')
      throw error
    }
  }

  return {
    isNamedBy,
    signedInOf,
    identityOf: async (request) => {
      const who = await signedInOf(request)
      return who && { account: who.account, rights: ownRights }
    },
    begin: async (request, credentials) => {
      checkIsPrivate(request, config)
      // Found before the check: if the password is changed meanwhile, the session is over as soon as it begins.
      const credentialId = (await findSignIn(db, credentials.user))?.credentialId
      const { account } = await check(credentials, request.ip ?? '')
      if (!credentialId) throw refused('password that is gone')
      await open(request, { account, credentialId })
      return account
    },
    open,
    end: async (request, which) => {
      if (!isNamedBy(request)) return undefined
      const who = await load(request)
      if (who && which === 'all') await endSessions(db, who.credentialId)
      await settled((done) => request.session.destroy(done))
      forget(request)
      return who?.account
    },
  }
}

/** Waits for what says by a callback that it is done. */
const settled = (work: (done: (error?: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())))

const through = (middleware: RequestHandler, request: Request): Promise<void> =>
  settled((done) => void middleware(request, request.res as Response, done as NextFunction))

/** What somebody types who changes a password. */
export interface PasswordChange {
  readonly present: string
  readonly fresh: string
}

/**
 * Gives the person whose session a request names another password. All their sessions are over then, and this one goes
 * on under a new id (docs/trust.md, A8; A9); app passwords stay.
 *
 * @param check whose name and password these are, as at the sign-in, so that guesses count together
 * @throws Failure `unauthenticated` where there is no session, or the present password is not right or somebody changed
 *   it meanwhile, `invalid` where the fresh one can be no password, and what the check throws
 */
export async function changePassword(
  { db, sessions, check }: Pick<Context, 'db'> & { readonly sessions: Sessions; readonly check: PasswordSignIn },
  request: Request,
  { present, fresh }: PasswordChange,
): Promise<void> {
  const who = await sessions.signedInOf(request)
  if (!who) throw refused('no session')
  await check({ user: who.account.userId, password: present }, request.ip ?? '')
  const credentialId = await replacePassword(db, who.credentialId, await hashPassword(fresh))
  if (credentialId === undefined) throw refused('password that is gone', who.account.id)
  await endSessions(db, who.credentialId)
  await sessions.open(request, { account: who.account, credentialId })
}
