import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.js'
import { foldedEmail } from '../people/merge.js'

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
