import { type Kysely, type RawBuilder, sql } from 'kysely'
import { deleteInBatches } from '../db/batches.js'
import type { Tables } from '../db/tables.js'
import { grantColumns, isAlive } from '../sharing/grant-store.js'
import { type Kind, kinds, type EmailSnapshot } from './occasion.js'

/** A row of the outbox that is ours for a while. */
export interface Taken {
  readonly id: string
  readonly kind: Kind
  /** Null for whoever has the address that the connection is for. */
  readonly recipientId: string | null
  readonly payload: Record<string, unknown>
  /** How often it was taken, this time included. */
  readonly attempts: number
}

const isWaiting = sql<boolean>`sent_at is null and dropped_at is null and dead_at is null`

/**
 * Takes rows that are due, the oldest first. For ten minutes nobody else gets them; whoever dies meanwhile loses
 * nothing. One statement, so that no transaction is open while a mail server is spoken to. Kinds of a newer version
 * than this are left to it.
 */
export async function takeDue(db: Kysely<Tables>, limit: number): Promise<Taken[]> {
  // Compared with now(), for which an index is of use; the clock itself may give each row another time.
  const { rows } = await sql<Taken>`
    with due as materialized (
      select id from outbox
      where ${isWaiting} and due_at <= now() and kind in (${sql.join(kinds)})
      order by due_at, id
      limit ${limit}
      for update skip locked
    )
    update outbox set attempts = attempts + 1, due_at = clock_timestamp() + interval '10 minutes'
    from due where outbox.id = due.id
    returning outbox.id, kind, recipient_id as "recipientId", payload, attempts`.execute(db)
  return rows
}

/** The letter is out. */
export async function markSent(db: Kysely<Tables>, { id }: Taken): Promise<void> {
  await end(db, sql`sent_at = clock_timestamp(), error = null`, sql`id = ${id}`)
}

/** No letter is needed any more. */
export async function markDropped(db: Kysely<Tables>, taken: Taken): Promise<void> {
  await end(db, sql`dropped_at = clock_timestamp()`, isStillOurs(taken))
}

/** The letter will never go out. */
export async function markDead(db: Kysely<Tables>, taken: Taken, error: string): Promise<void> {
  await end(db, sql`dead_at = clock_timestamp(), error = ${error}`, isStillOurs(taken))
}

/** To be tried again in so many milliseconds. */
export async function putBack(db: Kysely<Tables>, taken: Taken, error: string, milliseconds: number): Promise<void> {
  const due = sql`clock_timestamp() + ${milliseconds}::float8 * interval '1 ms'`
  await end(db, sql`due_at = ${due}, error = ${error}`, isStillOurs(taken))
}

/** False once somebody else has taken the row, because we were so late: what comes of it is theirs to say then. */
const isStillOurs = ({ id, attempts }: Taken) => sql<boolean>`id = ${id} and attempts = ${attempts}`

async function end(db: Kysely<Tables>, change: RawBuilder<unknown>, where: RawBuilder<boolean>): Promise<void> {
  await sql`update outbox set ${change} where ${where} and ${isWaiting}`.execute(db)
}

/** Deletes letters that were sent, or needed no more, before so many days. Returns how many. */
export const sweepOutbox = (db: Kysely<Tables>, days: number, stop?: AbortSignal): Promise<number> =>
  deleteInBatches(
    db,
    (most) => sql`
      delete from outbox where id = any(array(
        select id from outbox
        where coalesce(sent_at, dropped_at, dead_at) <= now() - ${days}::integer * interval '1 day'
        limit ${most} for update skip locked))`,
    stop,
  )

/**
 * Reads how things are between a recipient and a connection; undefined where the connection is gone.
 *
 * @param recipientId null for whoever has the address that the connection is for
 */
export async function findSnapshot(
  db: Kysely<Tables>,
  recipientId: string | null,
  connectionId: string,
): Promise<EmailSnapshot | undefined> {
  const isRecipient =
    recipientId === null
      ? sql<boolean>`lower(recipient.email) = c.target_email collate "C"`
      : sql<boolean>`recipient.id = ${recipientId}`
  const { rows } = await sql<EmailSnapshot>`
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
