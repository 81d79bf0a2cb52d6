import { type Kysely, type RawBuilder, sql } from 'kysely'
import { deleteInBatches } from '../db/batches.js'
import type { Tables } from '../db/tables.js'
import { foldedEmail } from '../people/merge.js'
import { grantColumns, isAlive } from '../sharing/grant-store.js'
import { type EmailSnapshot, type Kind, kinds } from './content.js'

/** An outbox row that this process has leased. */
export interface OutboxRow {
  readonly id: string
  readonly kind: Kind
  /** Null if the e-mail goes to the connection's address. */
  readonly recipientId: string | null
  readonly payload: Record<string, unknown>
  /** Number of leases, including this one. */
  readonly attempts: number
}

const isWaiting = sql<boolean>`sent_at is null and dropped_at is null and dead_at is null`

/**
 * Leases due rows for ten minutes, oldest first. If a process crashes, its rows become due again when the lease ends.
 * Uses a single statement, so that no transaction stays open during SMTP. Skips kinds that only newer releases know.
 */
export async function leaseDue(db: Kysely<Tables>, limit: number): Promise<OutboxRow[]> {
  // now() can use the index; clock_timestamp() cannot, since it may change from row to row.
  const { rows } = await sql<OutboxRow>`
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

export async function markSent(db: Kysely<Tables>, { id }: OutboxRow): Promise<void> {
  await end(db, sql`sent_at = clock_timestamp(), error = null`, sql`id = ${id}`)
}

/** Records that an e-mail is no longer needed. */
export async function markDropped(db: Kysely<Tables>, row: OutboxRow): Promise<void> {
  await end(db, sql`dropped_at = clock_timestamp()`, isStillOurs(row))
}

/** Records that an e-mail failed for good. */
export async function markDead(db: Kysely<Tables>, row: OutboxRow, error: string): Promise<void> {
  await end(db, sql`dead_at = clock_timestamp(), error = ${error}`, isStillOurs(row))
}

/** Schedules the next attempt. */
export async function postpone(db: Kysely<Tables>, row: OutboxRow, error: string, delayMs: number): Promise<void> {
  const due = sql`clock_timestamp() + ${delayMs}::float8 * interval '1 ms'`
  await end(db, sql`due_at = ${due}, error = ${error}`, isStillOurs(row))
}

/** Whether the row has not been leased again. If it has, the process with the newer lease records the outcome. */
const isStillOurs = ({ id, attempts }: OutboxRow) => sql<boolean>`id = ${id} and attempts = ${attempts}`

async function end(db: Kysely<Tables>, change: RawBuilder<unknown>, where: RawBuilder<boolean>): Promise<void> {
  await sql`update outbox set ${change} where ${where} and ${isWaiting}`.execute(db)
}

/** Deletes rows that were sent, dropped or given up more than `days` days ago. @returns the number of deleted rows */
export const sweepOutbox = (db: Kysely<Tables>, days: number, stop?: AbortSignal): Promise<number> =>
  deleteInBatches(
    db,
    (limit) => sql`
      delete from outbox where id = any(array(
        select id from outbox
        where coalesce(sent_at, dropped_at, dead_at) <= now() - ${days}::integer * interval '1 day'
        limit ${limit} for update skip locked))`,
    stop,
  )

/**
 * Reads the current state of a recipient and a connection.
 *
 * @param recipientId null if the e-mail goes to the connection's address
 * @returns undefined if the connection was deleted or has expired
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
      person.id as "personId", person.name as "personName", person.key as "personKey", person.state as "personState",
      app.base_url as "appBase"
    from connection as c
    left join account as recipient on ${isRecipient}
    left join colleague on colleague.connection_id = c.id and colleague.owner_id = recipient.id
    left join account as person on person.id = coalesce(
      colleague.peer_id, case when c.context_object = 'account' then c.context_id else c.creator_id end)
    left join app on app.key = c.app_key
    where c.id = ${connectionId} and ${isAlive}`.execute(db)
  return rows[0]
}

/** A claim of an address, for an e-mail about a person. */
interface Claim {
  readonly emailId: string
  readonly aboutId: string
  readonly address: string
}

/**
 * Claims an address for an e-mail about a person. For each person, only one e-mail can claim an address in 24 hours;
 * its retries can claim it again. The claim is a single statement, so that only one of several processes succeeds.
 *
 * @returns whether the e-mail may be sent
 */
export async function claimAddress(db: Kysely<Tables>, { emailId, aboutId, address }: Claim): Promise<boolean> {
  await sweepClaims(db)
  const { rows } = await sql`
    insert into mailed (about_id, address, letter_id, at)
    values (${aboutId}, ${foldedEmail(address)}, ${emailId}, clock_timestamp())
    on conflict (about_id, address) do update set letter_id = excluded.letter_id, at = excluded.at
    where mailed.letter_id = excluded.letter_id or mailed.at <= excluded.at - interval '24 hours'
    returning letter_id`.execute(db)
  return rows.length > 0
}

/** Releases the claim of an e-mail that was not sent. */
export async function releaseAddress(db: Kysely<Tables>, { emailId, aboutId, address }: Claim): Promise<void> {
  await sql`
    delete from mailed
    where about_id = ${aboutId} and address = ${foldedEmail(address)} and letter_id = ${emailId}`.execute(db)
}

async function sweepClaims(db: Kysely<Tables>): Promise<void> {
  await sql`
    delete from mailed using (
      select about_id, address from mailed where at <= now() - interval '24 hours'
      order by at limit 100 for update skip locked
    ) as old
    where mailed.about_id = old.about_id and mailed.address = old.address`.execute(db)
}
