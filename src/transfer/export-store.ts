import { type Kysely, sql } from 'kysely'
import type { Status, Tables } from '../db/tables.js'
import type { AccountRow } from './people-store.js'

/** Declares the cursors of an export. They last until the end of the transaction. */
export async function openExport(db: Kysely<Tables>): Promise<void> {
  await sql`
    declare accounts no scroll cursor for
    select id, key, user_id, login, email, name, state, external, profile, roles, seen, updated_at
    from account order by user_id`.execute(db)
  // The planner underestimates the number of pairs. With nested loops, it would scan all of them for each account.
  await sql`select set_config('enable_nestloop', 'off', true)`.execute(db)
  await sql`
    declare pairs no scroll cursor for ${pairs}`.execute(db)
}

/** The query for all pairs, in the order of the file. Exported for a test of its query plan. */
export const pairs = sql`
    select inviter.user_id as inviter, invited.user_id as invited, own.status, changer.user_id as "changedBy",
      own.message, own.updated_at as updated, own.id as "inviterEntry", other.id as "invitedEntry"
    from colleague as own
      join colleague as other on other.owner_id = own.peer_id and other.peer_id = own.owner_id
      join account as inviter on inviter.id = own.owner_id
      join account as invited on invited.id = own.peer_id
      join account as changer on changer.id = own.changed_by
    where own.inviter_id = own.owner_id
    order by inviter.user_id, own.id`

/** A pair, with the values of the inviter's row and the id of the other row. */
interface PairRow {
  inviter: string
  invited: string
  status: Status
  changedBy: string
  message: string
  updated: Date
  inviterEntry: string
  invitedEntry: string
}

/** Reads the next accounts. @returns an empty list at the end */
export async function fetchAccounts(db: Kysely<Tables>): Promise<AccountRow[]> {
  return (await sql<AccountRow>`fetch 1000 from accounts`.execute(db)).rows
}

/** Reads the next pairs. @returns an empty list at the end */
export async function fetchPairs(db: Kysely<Tables>): Promise<PairRow[]> {
  return (await sql<PairRow>`fetch 1000 from pairs`.execute(db)).rows
}
