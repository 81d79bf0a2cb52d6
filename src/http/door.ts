import type { Request } from 'express'
import type { Caller } from '../accounts/account.js'
import { type AtomWriter, atomWriter } from '../atom/writer.js'
import { identifier } from '../auth/identify.js'
import type { Context } from '../context.js'

/** What every handler of this door has at hand. */
export interface Door extends Context {
  /** Writes every document, with links under the public base. */
  readonly atom: AtomWriter
  /** Who sends a request (`auth/identify.ts`); the log is told. */
  readonly identify: (request: Request) => Promise<Caller>
}

/** Makes it, once for a server. */
export function openDoor(context: Context): Door {
  const identify = identifier(context.db)
  return {
    ...context,
    atom: atomWriter(context.baseUrl),
    identify: async (request) => {
      const caller = await identify(request)
      if (request.res) request.res.locals['accountId'] = caller?.id
      return caller
    },
  }
}

/** What follows the `?` of a request's address, as it came. */
export const searchOf = ({ originalUrl }: Request): string => originalUrl.slice(`${originalUrl}?`.indexOf('?') + 1)
