import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from '../../db/tables.js'

/**
 * What a creator did through the module within the last hour: how many of the invitations made then still wait, and
 * how many letters were owed, those aside that were not needed in the end.
 */
export async function countRecent(
  db: Kysely<Tables>,
  creatorId: string,
): Promise<{ invitations: number; letters: number }> {
  const { rows } = await sql<{ invitations: number; letters: number }>`
    select
      (select count(*)::integer from connection
        where creator_id = ${creatorId} and app_key is not null and state = 'pending' and created_at > start
      ) as invitations,
      (select count(*)::integer from outbox
        where creator_id = ${creatorId} and created_at > start and dropped_at is null
      ) as letters
    from (select now() - interval '1 hour' as start) as hour`.execute(db)
  return rows[0] ?? { invitations: 0, letters: 0 }
}

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
