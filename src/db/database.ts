import type { Kysely } from 'kysely'
import pg from 'pg'
import type { Tables } from './tables.js'

/** An open database, embedded or on a server. */
export interface Database {
  readonly db: Kysely<Tables>
  /**
   * Sets the statement timeout of a server; initially there is none. No-op for the embedded database.
   *
   * @throws Failure `invalid` if a pooler in front of the server refuses the timeout; otherwise the error of the
   *   database
   */
  limit(milliseconds: number): Promise<void>
  /** Waits for running statements, then closes connections and releases the folder. */
  close(): Promise<void>
}

const bigint = 20

/** The default parsers of pg, except that a bigint becomes a number: our counters stay far below 2^53. */
export const resultTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === bigint ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
}
