import { createHmac } from 'node:crypto'
import type { Request, Response } from 'express'
import { type AtomWriter, atomWriter, hideEmails } from '../atom/writer.js'
import { checkMaySeeProfiles, checkRight } from '../connections/rules.js'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { authorization, identifier } from '../identity/authenticate.js'
import type { Identity } from '../identity/identity.js'
import { passwordSignIn } from '../identity/password-sign-in.js'
import { changePassword, openSessions, type PasswordChange, type Sessions } from '../identity/session.js'
import { networkOf } from '../identity/throttle-store.js'
import type { Account, Caller, PersonRef, Right } from '../people/account.js'
import { findAccount } from '../people/store.js'
import { type Load, openLoad, openLoopDelay } from './load.js'
import { quota } from './rate-limit.js'

/** What every handler of this door has at hand. */
export interface HttpServices extends Context {
  /** Writes every document, with links under the public base. */
  readonly atom: AtomWriter
  /**
   * The sender of a request (`identity/authenticate.ts`), if the credential is good for what is needed: by its method, else
   * as given. The log is told.
   */
  readonly identify: (request: Request, needed?: Right) => Promise<Caller>
  /**
   * The sender of a request, with any credential: asked once for each request. Rejects as `identifier`
   * (`identity/authenticate.ts`).
   */
  readonly senderOf: (request: Request) => Promise<Identity | null>
  /** Counts a request of nobody, once, for the address that it comes from. @throws Failure `tooMany` */
  readonly countAnonymous: (request: Request, response: Response) => void
  readonly load: Load
  readonly sessions: Sessions
  /** Gives the person whose session it is another password (`identity/session.ts`). */
  readonly changePassword: (request: Request, change: PasswordChange) => Promise<void>
}

/** Makes it, once for a server. */
export function openServices(context: Context): HttpServices {
  const { HIDE_EMAIL, REQUESTS_PER_MINUTE, ANONYMOUS_PER_MINUTE, MAX_DELAY_MS } = context.config
  const signIn = passwordSignIn(context)
  const sessions = openSessions(context, signIn)
  const senderOf = onceEach(identifier([authorization(context, signIn), sessions.identityOf]))
  const now = () => context.now().getTime()
  const count = quota(REQUESTS_PER_MINUTE, now, `An account may send ${REQUESTS_PER_MINUTE} requests a minute;`)
  const countAnonymous = anonymousQuota(ANONYMOUS_PER_MINUTE, now)
  return {
    ...context,
    release: secretRelease(context),
    atom: HIDE_EMAIL ? hideEmails(atomWriter(context.baseUrl)) : atomWriter(context.baseUrl),
    senderOf,
    countAnonymous,
    load: openLoad(context.loopDelay ?? openLoopDelay(), MAX_DELAY_MS),
    sessions,
    changePassword: (request, change) => changePassword({ ...context, sessions, check: signIn }, request, change),
    identify: async (request, needed) => {
      const identity = await senderOf(request).catch((error: unknown) => {
        if (isRefusal(error) && request.res) countAnonymous(request, request.res)
        throw error
      })
      if (!identity) {
        if (request.res) countAnonymous(request, request.res)
        return null
      }
      if (request.res) {
        request.res.locals['accountId'] = identity.account.id
        count(identity.account.id, request.res)
      }
      checkRight(identity.rights, needed ?? (['GET', 'HEAD', 'OPTIONS'].includes(request.method) ? 'read' : 'write'))
      return identity.account
    },
  }
}

/** Remembers the answer for each request, unless it could not be found out: then it is asked again. */
function onceEach(ask: HttpServices['senderOf']): HttpServices['senderOf'] {
  const answers = new WeakMap<Request, Promise<Identity | null>>()
  return (request) => {
    const known = answers.get(request)
    if (known) return known
    const answer = ask(request)
    answers.set(request, answer)
    answer.catch((error: unknown) => {
      if (!(error instanceof Failure)) answers.delete(request)
    })
    return answer
  }
}

const isRefusal = (error: unknown) => error instanceof Failure && error.code === 'unauthenticated'

function anonymousQuota(most: number, now: () => number): HttpServices['countAnonymous'] {
  const rule = `One address may send ${most} requests a minute without signing in. Sign in, or`
  const count = quota(most, now, rule)
  const counted = new WeakSet<Response>()
  return (request, response) => {
    if (counted.has(response)) return
    counted.add(response)
    count(networkOf(request.ip ?? ''), response)
  }
}

/**
 * What is shown depends on `HIDE_EMAIL` as on the code. It is a secret, since an entity tag is made of more than its answer
 * shows: else whoever guesses the rest, such as an address that is hidden, could see by the tag that the guess is right.
 */
const secretRelease = ({ release, sessionKeys: [key = ''], config: { HIDE_EMAIL } }: Context): string =>
  createHmac('sha256', key).update(`entity tags ${release} ${HIDE_EMAIL}`).digest('base64url')

/** What follows the `?` of a request's address, as it came. */
export const searchOf = ({ originalUrl }: Request): string => originalUrl.slice(`${originalUrl}?`.indexOf('?') + 1)

/**
 * Who asks for people and profiles, once that is allowed.
 *
 * @throws Failure as `identifier`; `unauthenticated` also for no credentials where a sign-in is required
 */
export async function identifyViewer(services: HttpServices, request: Request): Promise<Caller> {
  const caller = await services.identify(request)
  checkMaySeeProfiles(caller, services.config.REQUIRE_SIGN_IN)
  return caller
}

/**
 * As `identifyViewer`; gives the person that the request is about.
 *
 * @param person the one it names; undefined for the caller
 * @throws Failure `unauthenticated` also when it names nobody and nobody asks
 */
export async function personAsked(
  services: HttpServices,
  request: Request,
  person: PersonRef | undefined,
): Promise<PersonRef> {
  return personMeant(await identifyViewer(services, request), person)
}

/**
 * The person whom a request names, else the caller.
 *
 * @throws Failure `unauthenticated` where it names nobody and nobody asks
 */
export const personMeant = (caller: Caller, person: PersonRef | undefined): PersonRef =>
  person ?? { by: 'key', value: callerOf(caller).key }

/** As `personAsked`; gives the account, or undefined where nobody goes by that name. */
export async function accountAsked(
  services: HttpServices,
  request: Request,
  person: PersonRef | undefined,
): Promise<Account | undefined> {
  return findAccount(services.db, await personAsked(services, request, person))
}

/** The caller, of whom a request is that names nobody. */
export function callerOf(caller: Caller): NonNullable<Caller> {
  if (caller) return caller
  throw new Failure(
    'unauthenticated',
    'Sign in to see your own profile, or name a person by userid, key, email, uid or distinguishedName.',
  )
}
