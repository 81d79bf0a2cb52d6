import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { Config } from './config.js'
import type { Tables } from './db/tables.js'

/** The shared dependencies of request handlers. Tests replace the clock and the log. */
export interface Context {
  readonly db: Kysely<Tables>
  readonly config: Config
  /** Public base of all links: `BASE_URL`, or else a local address. */
  readonly baseUrl: string
  /** Signing keys of session cookies (`identity/session.ts`). The first signs; all verify. */
  readonly sessionKeys: readonly string[]
  /** Identifies the running code. Part of the ETags of all documents and pages, so that a new release changes them. */
  readonly release: string
  readonly log: Logger
  /** The current time, such as for `Last-Modified` and quotas. Writes are dated by the database's clock instead. */
  readonly now: () => Date
  /** Aborted when the server shuts down. */
  readonly stop?: AbortSignal
  /** Delay of the event loop in milliseconds; measured by default. */
  readonly loopDelay?: () => number
}
