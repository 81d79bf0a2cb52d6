import pg from 'pg'

const bigint = 20

/** How pg reads values: as by default, but a bigint is a number, since our counters stay far below 2^53. */
export const resultTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === bigint ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
}
