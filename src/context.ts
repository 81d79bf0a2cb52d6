import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { Config } from './config.js'
import type { Tables } from './db/tables.js'

/** What a request needs of the world. Tests give their own clock and log. */
export interface Context {
  readonly db: Kysely<Tables>
  readonly config: Config
  /** Public base of all links: `BASE_URL`, or made from the address that the server listens on. */
  readonly baseUrl: string
  /** What session cookies are signed with (`identity/session.ts`): the first signs, each is good. */
  readonly sessionKeys: readonly string[]
  /** Another as soon as the code that answers is another: part of every entity tag. */
  readonly release: string
  readonly log: Logger
  /** The time of the answer, for `Last-Modified`; what is written is dated by the database. */
  readonly now: () => Date
  /** By how many milliseconds the event loop is late; without it that is measured. */
  readonly loopDelay?: () => number
}
