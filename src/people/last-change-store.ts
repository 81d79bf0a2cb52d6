import { type Kysely, sql, type Transaction } from 'kysely'
import { prepared } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'

/** When the directory as a whole last changed: when an account came, went, or looked different. */
export async function findLastChange(db: Kysely<Tables>): Promise<Date> {
  const [row] = await statement.run(db, {})
  return row?.changed as Date
}

const statement = prepared((db) => db.selectFrom('directory').select('changed'))

/** Records a change of the directory. Call it late in a transaction: until its end, no other can. */
export async function recordChange(db: Transaction<Tables>): Promise<void> {
  await sql`
    update directory set changed = greatest(clock_timestamp(), changed + interval '1 millisecond')`.execute(db)
}
