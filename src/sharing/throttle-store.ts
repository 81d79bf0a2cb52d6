import { sql, type Transaction } from 'kysely'
import type { Tables } from '../db/tables.js'

/**
 * How many e-mails were owed on a creator's behalf within the last hour, whatever became of them: what was not needed in
 * the end counts too, since it would tell of the recipient.
 */
export async function countEmails(db: Transaction<Tables>, creatorId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from (
      select from outbox where creator_id = ${creatorId} and created_at > now() - interval '1 hour' limit 1000
    ) as owed`.execute(db)
  return rows[0]?.count ?? 0
}

/**
 * Notes that the target of a connection is owed an e-mail about it, unless it was owed one in the last 24 hours.
 *
 * @returns whether it is owed
 */
export async function claimEmail(db: Transaction<Tables>, id: string, moment: Date): Promise<boolean> {
  const { rows } = await sql`
    update connection set mailed_at = ${moment}
    where id = ${id} and (mailed_at is null or mailed_at <= ${moment}::timestamptz - interval '24 hours')
    returning id`.execute(db)
  return rows.length > 0
}
