import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import { deleteInBatches } from '../db/batches.js'
import { json } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { transact } from '../db/transact.js'
import type { Colleague } from './model.js'

/** Checks a connection under lock, before a change. Throws to prevent the change. */
export type Precondition = (colleague: Colleague) => void

/**
 * Changes the graph in one transaction. If the database connection breaks during the commit, the recorded event shows
 * the outcome (docs/trust.md, C11).
 *
 * @param work must record an event under `eventId` if it changes anything
 */
export function write<Result>(
  db: Kysely<Tables>,
  work: (transaction: Transaction<Tables>, eventId: string) => Promise<Result>,
): Promise<Result> {
  const eventId = newId()
  return transact(
    db,
    (transaction) => work(transaction, eventId),
    () => hasEvent(db, eventId),
  )
}

async function hasEvent(db: Kysely<Tables>, id: string): Promise<boolean> {
  return (await db.selectFrom('connection_event').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

/**
 * An audit event: a change of a connection, its actor, and its two people or other details. Never contains a message or
 * token.
 */
export type Event = {
  readonly connectionId: string
  /** Null for an anonymous caller, such as a visitor with a link, and for a clean-up by the server. */
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
  | { readonly detail: Readonly<Record<string, string | number | boolean | readonly string[] | null>> }
)

/**
 * Records events in the transaction of the change.
 *
 * @param id of the first event. If the event exists later, the transaction was committed
 */
export async function insertEvents(
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

/**
 * Deletes events that are older than `days` days. Ids are UUIDs of version 7, and thus start with their time (RFC 9562,
 * section 5.7), so that the primary key can find old events.
 *
 * @returns the number of deleted events
 */
export const sweepEvents = (db: Kysely<Tables>, days: number, stop?: AbortSignal): Promise<number> =>
  deleteInBatches(
    db,
    (limit) => sql`
      delete from connection_event where id = any(array(
        select id from connection_event
        where id < ${minId(sql`now() - ${days}::integer * interval '1 day'`)}
        order by id limit ${limit} for update skip locked))`,
    stop,
  )

/** A UUID that is less than or equal to every UUID of version 7 created at or after a moment. */
const minId = (moment: RawBuilder<Date>) =>
  sql`rpad(lpad(to_hex((extract(epoch from ${moment}) * 1000)::bigint), 12, '0'), 32, '0')::uuid`

/**
 * Counts a person's recent invitations, including those already answered or withdrawn: all of the last day, and those
 * of the last hour that were made through the module. Invitations with `skipAcl` are not counted.
 *
 * Holds an advisory lock for the person until the transaction ends, so that simultaneous invitations are counted one
 * after the other. Take all other locks first.
 */
export async function countInvitations(
  db: Transaction<Tables>,
  actorId: string,
): Promise<{ lastDay: number; lastHour: number }> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`invitations of ${actorId}`}, 0))`.execute(db)
  const { rows } = await invitationsQuery(actorId).execute(db)
  return rows[0] ?? { lastDay: 0, lastHour: 0 }
}

/**
 * The statement of `countInvitations`, exported for tests of its query plan. It stops counting at 1,000. Every limit is
 * lower.
 */
export const invitationsQuery = (actorId: string) => sql<{ lastDay: number; lastHour: number }>`
  select count(*)::integer as "lastDay",
    count(case when detail ? 'object' and at > now() - interval '1 hour' then 1 end)::integer as "lastHour"
  from (
    select at, detail from connection_event
    where actor_id = ${actorId} and at > now() - interval '1 day'
      and verb = 'invited' and not detail ? 'skipAcl'
    order by at desc limit 1000
  ) as invited`

/** An e-mail to be sent about a connection. */
export interface QueuedEmail {
  /**
   * `invited` and `accepted` are about connections of two accounts, `offered` is about any other invitation, and
   * `connected` is about a connection that the creator made active at once.
   */
  readonly kind: 'invited' | 'accepted' | 'offered' | 'connected'
  /** Null for a connection to an e-mail address. */
  readonly recipientId: string | null
  readonly connectionId: string
  /** The account with the e-mail quota to charge; absent if none is charged. */
  readonly creatorId?: string
  /** Title of the connection's object, if the recipient may know it. */
  readonly title?: string
}

/** Queues an e-mail in the transaction of the change that it reports. */
export async function enqueueEmail(
  db: Transaction<Tables>,
  { kind, recipientId, connectionId, creatorId, title }: QueuedEmail,
  moment: Date,
): Promise<void> {
  await db
    .insertInto('outbox')
    .values({
      id: newId(),
      kind,
      recipient_id: recipientId,
      creator_id: creatorId ?? null,
      payload: JSON.stringify({ connectionId, title }),
      created_at: moment,
      due_at: moment,
      sent_at: null,
    })
    .execute()
}

/**
 * Counts the e-mails queued on a creator's behalf in the last hour. Unsent e-mails count too: otherwise the quota would
 * reveal whether the recipient received one.
 */
export async function countEmails(db: Transaction<Tables>, creatorId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from (
      select from outbox where creator_id = ${creatorId} and created_at > now() - interval '1 hour' limit 1000
    ) as owed`.execute(db)
  return rows[0]?.count ?? 0
}

/**
 * Records that an e-mail to the target of a connection is queued, unless another one was queued in the last 24 hours.
 *
 * @returns whether to queue the e-mail
 */
export async function claimEmail(db: Transaction<Tables>, id: string, moment: Date): Promise<boolean> {
  const { rows } = await sql`
    update connection set mailed_at = ${moment}
    where id = ${id} and (mailed_at is null or mailed_at <= ${moment}::timestamptz - interval '24 hours')
    returning id`.execute(db)
  return rows.length > 0
}
