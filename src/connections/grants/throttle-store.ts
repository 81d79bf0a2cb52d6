import { sql, type Transaction } from 'kysely'
import type { Tables } from '../../db/tables.js'

/**
 * What a creator did through the module within the last hour: how many invitations were made, whatever has become of them,
 * and how many letters were owed, those aside that were not needed in the end. Until the transaction ends nobody else
 * counts for this creator, so that invitations to several contexts at once are no more together; this lock is taken behind
 * all others.
 */
export async function countRecent(
  db: Transaction<Tables>,
  creatorId: string,
): Promise<{ invitations: number; letters: number }> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`invitations of ${creatorId}`}, 0))`.execute(db)
  const { rows } = await recentQuery(creatorId).execute(db)
  return rows[0] ?? { invitations: 0, letters: 0 }
}

/** The statement of `countRecent`, apart so that its plan can be looked at; a thousand is too many by every rule. */
export const recentQuery = (creatorId: string) => sql<{ invitations: number; letters: number }>`
  select
    (select count(*)::integer from (
      select from connection_event
      where actor_id = ${creatorId} and at > now() - interval '1 hour' and verb = 'invited' and detail ? 'object'
      limit 1000
    ) as invited) as invitations,
    (select count(*)::integer from outbox
      where creator_id = ${creatorId} and created_at > now() - interval '1 hour' and dropped_at is null
    ) as letters`

/**
 * Notes that the target of a connection is owed a letter about it, unless it was owed one in the last ten minutes.
 *
 * @returns whether it is owed
 */
export async function noteLetter(db: Transaction<Tables>, id: string, moment: Date): Promise<boolean> {
  const { rows } = await sql`
    update connection set mailed_at = ${moment}
    where id = ${id} and (mailed_at is null or mailed_at <= ${moment}::timestamptz - interval '10 minutes')
    returning id`.execute(db)
  return rows.length > 0
}
