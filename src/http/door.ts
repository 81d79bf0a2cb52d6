import { createHmac } from 'node:crypto'
import type { Request } from 'express'
import type { Caller, Right } from '../accounts/account.js'
import { discreet } from '../atom/discreet.js'
import { type AtomWriter, atomWriter } from '../atom/writer.js'
import { authorization } from '../auth/authorization.js'
import { changePassword, type PasswordChange } from '../auth/change-password.js'
import { identifier } from '../auth/identify.js'
import { passwordSignIn } from '../auth/password-sign-in.js'
import { openSessions, type Sessions } from '../auth/session.js'
import { checkRight } from '../connections/rules.js'
import type { Context } from '../context.js'
import { quota } from './quota.js'

/** What every handler of this door has at hand. */
export interface Door extends Context {
  /** Writes every document, with links under the public base. */
  readonly atom: AtomWriter
  /** Who sends a request (`auth/identify.ts`), once the credential is good for what is needed: by its method, else as given. The log is told. */
  readonly identify: (request: Request, needed?: Right) => Promise<Caller>
  readonly sessions: Sessions
  /** Gives the person whose session it is another password (`auth/change-password.ts`). */
  readonly changePassword: (request: Request, change: PasswordChange) => Promise<void>
}

/** Makes it, once for a server. */
export function openDoor(context: Context): Door {
  const { HIDE_EMAIL } = context.config
  const signIn = passwordSignIn(context)
  const sessions = openSessions(context, signIn)
  const identify = identifier([authorization(context, signIn), sessions.identityOf])
  const count = quota(context.config.REQUESTS_PER_MINUTE, () => context.now().getTime())
  return {
    ...context,
    release: secretRelease(context),
    atom: HIDE_EMAIL ? discreet(atomWriter(context.baseUrl)) : atomWriter(context.baseUrl),
    sessions,
    changePassword: (request, change) => changePassword({ ...context, sessions, check: signIn }, request, change),
    identify: async (request, needed) => {
      const identity = await identify(request)
      if (!identity) return null
      if (request.res) {
        request.res.locals['accountId'] = identity.account.id
        count(identity.account.id, request.res)
      }
      checkRight(identity.rights, needed ?? (['GET', 'HEAD', 'OPTIONS'].includes(request.method) ? 'read' : 'write'))
      return identity.account
    },
  }
}

/**
 * What is shown depends on `HIDE_EMAIL` as on the code. It is a secret, since an entity tag is made of more than its answer
 * shows: else whoever guesses the rest, such as an address that is hidden, could see by the tag that the guess is right.
 */
const secretRelease = ({ release, sessionKey, config: { HIDE_EMAIL } }: Context): string =>
  createHmac('sha256', sessionKey).update(`entity tags ${release} ${HIDE_EMAIL}`).digest('base64url')

/** What follows the `?` of a request's address, as it came. */
export const searchOf = ({ originalUrl }: Request): string => originalUrl.slice(`${originalUrl}?`.indexOf('?') + 1)
