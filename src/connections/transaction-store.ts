import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import { deleteInBatches } from '../db/batches.js'
import { json } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { transact } from '../db/transact.js'
import type { Colleague } from './model.js'

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
  | { readonly detail: Readonly<Record<string, string | number | boolean | readonly string[] | null>> }
)

/**
 * Keeps what happened, in the transaction in which it does.
 *
 * @param id of the first event: whether it is there tells afterwards whether the transaction took effect
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
 * Deletes events that are older than so many days. Returns how many. Ids are UUIDs of version 7, which begin with their
 * time (RFC 9562, section 5.7), so the primary key finds the old ones.
 */
export const sweepEvents = (db: Kysely<Tables>, days: number, stop?: AbortSignal): Promise<number> =>
  deleteInBatches(
    db,
    (most) => sql`
      delete from connection_event where id = any(array(
        select id from connection_event
        where id < ${minId(sql`now() - ${days}::integer * interval '1 day'`)}
        order by id limit ${most} for update skip locked))`,
    stop,
  )

/** The least UUID of version 7 that was made at a moment. */
const minId = (moment: RawBuilder<Date>) =>
  sql`rpad(lpad(to_hex((extract(epoch from ${moment}) * 1000)::bigint), 12, '0'), 32, '0')::uuid`

/** Whether an event was kept. */
async function hasEvent(db: Kysely<Tables>, id: string): Promise<boolean> {
  return (await db.selectFrom('connection_event').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

/**
 * How many invitations a person made lately, whatever became of them: those of the last day through either door, and those
 * of the last hour through the module. Invitations by calls with `skipAcl` are not counted.
 *
 * Until the transaction ends, no other transaction can count for this person, so that simultaneous invitations are all
 * counted. This lock is taken after all other locks.
 */
export async function countInvitations(
  db: Transaction<Tables>,
  actorId: string,
): Promise<{ lastDay: number; lastHour: number }> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`invitations of ${actorId}`}, 0))`.execute(db)
  const { rows } = await invitationsQuery(actorId).execute(db)
  return rows[0] ?? { lastDay: 0, lastHour: 0 }
}

/** The statement of `countInvitations`, apart so that its plan can be looked at; every limit is below a thousand. */
export const invitationsQuery = (actorId: string) => sql<{ lastDay: number; lastHour: number }>`
  select count(*)::integer as "lastDay",
    count(case when detail ? 'object' and at > now() - interval '1 hour' then 1 end)::integer as "lastHour"
  from (
    select at, detail from connection_event
    where actor_id = ${actorId} and at > now() - interval '1 day'
      and verb = 'invited' and not detail ? 'skipAcl'
    order by at desc limit 1000
  ) as invited`

/** Looks at a connection as it is when it is about to be changed, and throws where that must not be. */
export type Precondition = (colleague: Colleague) => void

/**
 * Changes the graph in one transaction. Whether it took effect is told by the event that it keeps, should the
 * connection to the database break just then (docs/trust.md, C11).
 *
 * @param work must keep its first event under the given id
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

/** A letter that somebody is owed about a connection. */
export interface QueuedEmail {
  /** `invited` and `accepted` are between two accounts; `offered` is any other invitation, `connected` needed none. */
  readonly kind: 'invited' | 'accepted' | 'offered' | 'connected'
  /** Null where the connection is for an address. */
  readonly recipientId: string | null
  readonly connectionId: string
  /** On whose behalf, where such letters are counted. */
  readonly creatorId?: string
  /** What the connection is about, where the recipient may know its name. */
  readonly title?: string
}

/** Has somebody told of what was done, once the transaction has taken effect (`letters/`). */
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
