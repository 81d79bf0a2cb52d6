import { sql } from 'kysely'

/** A list of values as one JSON text: the statement stays the same however many rows it writes. */
export const json = (rows: readonly unknown[]) => sql`${JSON.stringify(rows)}::text::jsonb`
