import { type Kysely, type RawBuilder, sql } from 'kysely'
import { deleteInBatches } from '../db/batches.js'
import type { Tables } from '../db/tables.js'
import { foldedEmail } from '../people/merge.js'
import { grantColumns, isAlive } from '../sharing/grant-store.js'
import { type EmailSnapshot, type Kind, kinds } from './content.js'

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

/** An e-mail about a person, to an address. */
interface Mailing {
  readonly letterId: string
  /** The person of whom it tells. */
  readonly aboutId: string
  readonly address: string
}

/**
 * Claims an address for an e-mail about a person: one in 24 hours. By one statement, so that of several processes one
 * succeeds. The same e-mail may claim again, when it is tried again.
 *
 * @returns whether it may be sent
 */
export async function claim(db: Kysely<Tables>, { letterId, aboutId, address }: Mailing): Promise<boolean> {
  await forgetOld(db)
  const { rows } = await sql`
    insert into mailed (about_id, address, letter_id, at)
    values (${aboutId}, ${foldedEmail(address)}, ${letterId}, clock_timestamp())
    on conflict (about_id, address) do update set letter_id = excluded.letter_id, at = excluded.at
    where mailed.letter_id = excluded.letter_id or mailed.at <= excluded.at - interval '24 hours'
    returning letter_id`.execute(db)
  return rows.length > 0
}

/** Gives back the claim of an e-mail that was not sent. */
export async function release(db: Kysely<Tables>, { letterId, aboutId, address }: Mailing): Promise<void> {
  await sql`
    delete from mailed
    where about_id = ${aboutId} and address = ${foldedEmail(address)} and letter_id = ${letterId}`.execute(db)
}

/** Deletes some claims that are of no use any more. */
async function forgetOld(db: Kysely<Tables>): Promise<void> {
  await sql`
    delete from mailed using (
      select about_id, address from mailed where at <= now() - interval '24 hours'
      order by at limit 100 for update skip locked
    ) as old
    where mailed.about_id = old.about_id and mailed.address = old.address`.execute(db)
}
