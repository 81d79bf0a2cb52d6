import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { Config } from './config.js'
import type { Tables } from './db/tables.js'

/** The shared dependencies of request handlers. Tests replace the clock and the log. */
export interface Context {
  readonly db: Kysely<Tables>
  readonly config: Config
  /** Public base of all links: `BASE_URL`, or the listening address. */
  readonly baseUrl: string
  /** Signing keys of session cookies (`identity/session.ts`). The first signs; all verify. */
  readonly sessionKeys: readonly string[]
  /** Changes with every release; part of every ETag. */
  readonly release: string
  readonly log: Logger
  /** The current time, for `Last-Modified`. Writes are dated by the database's clock instead. */
  readonly now: () => Date
  /** Delay of the event loop in milliseconds; measured by default. */
  readonly loopDelay?: () => number
}
