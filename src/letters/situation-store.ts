import { type Kysely, sql } from 'kysely'
import { grantColumns, isAlive } from '../connections/grants/grant-store.js'
import type { Tables } from '../db/tables.js'
import type { Situation } from './occasion.js'

/**
 * Reads how things are between a recipient and a connection; undefined where the connection is gone.
 *
 * @param recipientId null for whoever has the address that the connection is for
 */
export async function findSituation(
  db: Kysely<Tables>,
  recipientId: string | null,
  connectionId: string,
): Promise<Situation | undefined> {
  const isRecipient =
    recipientId === null
      ? sql<boolean>`lower(recipient.email) = c.target_email collate "C"`
      : sql<boolean>`recipient.id = ${recipientId}`
  const { rows } = await sql<Situation>`
    select ${grantColumns},
      recipient.name as "recipientName", recipient.email as "recipientEmail", recipient.state as "recipientState",
      recipient.verified as "isVerified", colleague.status, colleague.message,
      person.id as "personId", person.name as "personName", person.key as "personKey", person.state as "personState", app.base_url as "appBase"
    from connection as c
    left join account as recipient on ${isRecipient}
    left join colleague on colleague.connection_id = c.id and colleague.owner_id = recipient.id
    left join account as person on person.id = coalesce(
      colleague.peer_id, case when c.context_object = 'account' then c.context_id else c.creator_id end)
    left join app on app.key = c.app_key
    where c.id = ${connectionId} and ${isAlive}`.execute(db)
  return rows[0]
}
