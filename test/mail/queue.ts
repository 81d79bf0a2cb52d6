import { type Kysely, sql } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../../src/db/tables.js'
import type { Kind } from '../../src/mail/content.js'
import { addPerson, connect } from '../support/world.js'

/** Queues an e-mail to a recipient about the connection of a row. Returns the id of the e-mail. */
export async function queueEmail(db: Kysely<Tables>, kind: Kind, recipientId: string, rowId: string): Promise<string> {
  const { rows } = await sql<{ connectionId: string; personId: string }>`
    select one.connection_id as "connectionId", one.peer_id as "personId"
    from colleague one join colleague other using (connection_id)
    where other.id = ${rowId} and one.owner_id = ${recipientId}`.execute(db)
  const id = newId()
  const now = sql<Date>`clock_timestamp()`
  await db
    .insertInto('outbox')
    .values({ id, kind, recipient_id: recipientId, payload: JSON.stringify(rows[0]), created_at: now, due_at: now })
    .execute()
  return id
}

/** Adds people with invitations by one inviter, and queues an e-mail for each. */
export async function queueInvitations(db: Kysely<Tables>, inviter: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let each = 0; each < count; each++) {
    const person = await addPerson(db, `person${each}`)
    ids.push(await queueEmail(db, 'invited', person, await connect(db, inviter, person, 'invited')))
  }
  return ids
}
