import type { Kysely } from 'kysely'
import pg from 'pg'
import type { Tables } from './tables.js'

/** An open database, embedded or on a server. */
export interface Database {
  readonly db: Kysely<Tables>
  /**
   * From now on a statement on a server may take so many milliseconds; until then, as long as it needs.
   *
   * @throws Failure `invalid` if a pooler in front of the server refuses the timeouts; the error of the database
   */
  limit(milliseconds: number): Promise<void>
  /** Waits for what runs, then gives back connections and folder. */
  close(): Promise<void>
}

const bigint = 20

/** How pg reads values: as by default, but a bigint is a number, since our counters stay far below 2^53. */
export const resultTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === bigint ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
}
