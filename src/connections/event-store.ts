import { type Kysely, sql, type Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import { json } from '../db/json.js'
import type { Tables } from '../db/tables.js'

/** What happened to a connection: who did what to it, and whose it was. Messages and tokens are not kept here. */
export type Event = {
  readonly connectionId: string
  /** Null for nobody, such as the one who reads by a link without an account. */
  readonly actorId: string | null
  readonly verb:
    | 'invited'
    | 'accepted'
    | 'rewritten'
    | 'declined'
    | 'withdrawn'
    | 'removed'
    | 'completed'
    | 'connected'
    | 'linked'
    | 'refreshed'
    | 'upgraded'
    | 'used'
    | 'expired'
} & (
  | { readonly inviterId: string; readonly invitedId: string }
  | { readonly detail: Readonly<Record<string, string | number | readonly string[] | null>> }
)

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
  const rows = events.map((event, index) => ({
    id: index === 0 ? id : newId(),
    connectionId: event.connectionId,
    actorId: event.actorId,
    verb: event.verb,
    detail: 'detail' in event ? event.detail : { inviter: event.inviterId, invited: event.invitedId },
  }))
  await sql`
    insert into connection_event (id, connection_id, actor_id, verb, at, detail)
    select id, "connectionId", "actorId", verb, ${moment}, detail
    from jsonb_to_recordset(${json(rows)})
      as event (id uuid, "connectionId" uuid, "actorId" uuid, verb text, detail jsonb)`.execute(db)
}

/** Whether an event was kept. */
export async function hasEvent(db: Kysely<Tables>, id: string): Promise<boolean> {
  return (await db.selectFrom('connection_event').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}
