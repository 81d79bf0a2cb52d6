import { type Kysely, sql } from 'kysely'
import { deleteInBatches } from '../db/batches.js'
import { prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'

const memory = sql`interval '30 days'`
/** More than a person uses; the row of each counts wrong passwords of its own. */
const maxAddresses = 20

/** The hash of several under which an account signed in within the last 30 days; the same one at every process. */
export async function findKnownAddress(
  db: Kysely<Tables>,
  accountId: string,
  hashes: readonly Uint8Array[],
): Promise<Buffer | undefined> {
  const [found] = await known.run(db, { accountId, hashes: [...hashes] })
  return found && Buffer.from(found.hash)
}

const known = prepared((db, value: Value<{ accountId: string; hashes: Uint8Array[] }>) =>
  db
    .selectFrom('known_address')
    .select('hash')
    .where('account_id', '=', value('accountId'))
    .where('hash', '=', sql<Uint8Array>`any(${value('hashes')}::bytea[])`)
    .where('seen_at', '>', sql<Date>`clock_timestamp() - ${memory}`)
    .orderBy('hash')
    .limit(1),
)

/** Records that an account signed in from an address; no-op within a day. Of too many addresses the oldest go. */
export async function storeAddress(db: Kysely<Tables>, accountId: string, hash: Uint8Array): Promise<void> {
  const { rows } = await sql<{ isNew: boolean }>`
    insert into known_address as known (account_id, hash, seen_at)
    values (${accountId}, ${hash}, clock_timestamp())
    on conflict (account_id, hash) do update set seen_at = excluded.seen_at
      where known.seen_at < excluded.seen_at - interval '1 day'
    returning xmax = 0 as "isNew"`.execute(db)
  if (!rows[0]?.isNew) return
  await sql`
    delete from known_address where account_id = ${accountId} and hash in (
      select hash from known_address where account_id = ${accountId}
      order by seen_at desc, hash offset ${maxAddresses})`.execute(db)
}

/** Deletes the addresses from which nobody signed in within the last 30 days. */
export const sweepAddresses = (db: Kysely<Tables>, stop?: AbortSignal): Promise<number> =>
  deleteInBatches(
    db,
    (most) => sql`
      delete from known_address where (account_id, hash) in (
        select account_id, hash from known_address where seen_at <= now() - ${memory}
        limit ${most} for update skip locked)`,
    stop,
  )
