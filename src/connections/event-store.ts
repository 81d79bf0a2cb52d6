import { type Kysely, sql, type Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import { json } from '../db/json.js'
import type { Tables } from '../db/tables.js'

/** What happened to a connection: who did what to it, and to whom it belonged. Messages are not kept here. */
export interface Event {
  readonly connectionId: string
  readonly actorId: string
  readonly verb: 'invited' | 'accepted' | 'rewritten' | 'declined' | 'withdrawn' | 'removed' | 'completed'
  readonly inviterId: string
  readonly invitedId: string
}

/**
 * Keeps what happened, in the transaction in which it does.
 *
 * @param id of the first event: whether it is there tells afterwards whether the transaction took effect
 */
export async function keepEvents(
  db: Transaction<Tables>,
  id: string,
  events: readonly Event[],
  moment: Date,
): Promise<void> {
  const rows = events.map((event, index) => ({ id: index === 0 ? id : newId(), ...event }))
  await sql`
    insert into connection_event (id, connection_id, actor_id, verb, at, detail)
    select id, "connectionId", "actorId", verb, ${moment},
      jsonb_build_object('inviter', "inviterId", 'invited', "invitedId")
    from jsonb_to_recordset(${json(rows)}) as event (id uuid, "connectionId" uuid, "actorId" uuid, verb text,
      "inviterId" uuid, "invitedId" uuid)`.execute(db)
}

/** Whether an event was kept. */
export async function hasEvent(db: Kysely<Tables>, id: string): Promise<boolean> {
  return (await db.selectFrom('connection_event').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}
