import type { Request } from 'express'
import type { Caller } from '../accounts/account.js'
import { discreet } from '../atom/discreet.js'
import { type AtomWriter, atomWriter } from '../atom/writer.js'
import { identifier, signIn } from '../auth/identify.js'
import { openSessions, type Sessions } from '../auth/session.js'
import type { Context } from '../context.js'

/** What every handler of this door has at hand. */
export interface Door extends Context {
  /** Writes every document, with links under the public base. */
  readonly atom: AtomWriter
  /** Who sends a request (`auth/identify.ts`); the log is told. */
  readonly identify: (request: Request) => Promise<Caller>
  readonly sessions: Sessions
}

/** Makes it, once for a server. */
export function openDoor(context: Context): Door {
  const { HIDE_EMAIL } = context.config
  const sessions = openSessions(context, (credentials) => signIn(context.db, credentials))
  const identify = identifier(context.db, sessions.callerOf)
  return {
    ...context,
    // What is shown depends on it as on the code.
    release: `${context.release}${HIDE_EMAIL ? '-discreet' : ''}`,
    atom: HIDE_EMAIL ? discreet(atomWriter(context.baseUrl)) : atomWriter(context.baseUrl),
    sessions,
    identify: async (request) => {
      const caller = await identify(request)
      if (request.res) request.res.locals['accountId'] = caller?.id
      return caller
    },
  }
}

/** What follows the `?` of a request's address, as it came. */
export const searchOf = ({ originalUrl }: Request): string => originalUrl.slice(`${originalUrl}?`.indexOf('?') + 1)
