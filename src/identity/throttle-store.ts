import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { deleteInBatches } from '../db/batches.js'
import { prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { networkOf } from './identity.js'

const now = sql`clock_timestamp()`
const tryMemory = sql`interval '10 minutes'`

/** Returns the seconds until all of these keys are unblocked; 0 if none is blocked. */
export async function secondsToWait(db: Kysely<Tables>, throttleKeys: readonly ThrottleKey[]): Promise<number> {
  const keys = throttleKeys.map(({ key }) => key)
  const { rows } = await sql<{ seconds: number | null }>`
    select ceil(extract(epoch from max(blocked_until) - ${now}))::integer as seconds
    from wrong_try where key = any(${keys}::text[]) and blocked_until > ${now}`.execute(db)
  return rows[0]?.seconds ?? 0
}

/**
 * Counts a failed sign-in. From the limit on, each failure blocks the key: first for one second, then for twice as long
 * each time, up to 15 minutes (docs/trust.md, A7). A count expires ten minutes after its first failure, or ten minutes
 * after its last block ends.
 *
 * @returns the seconds until the key may try again; 0 below the limit
 */
export async function countWrongTry(db: Kysely<Tables>, { key, most }: ThrottleKey): Promise<number> {
  const wait = sql`case when tries >= ${most}::integer
    then least(900, power(2, least(10, tries - ${most}::integer)))::integer else 0 end`
  const { rows } = await sql<{ seconds: number }>`
    insert into wrong_try as counted (key, tries, forgotten_at) values (${key}, 1, ${now} + ${tryMemory})
    on conflict (key) do update set (tries, blocked_until, forgotten_at) = (
      select tries,
        case when wait > 0 then ${now} + wait * interval '1 second' end,
        case
          when wait > 0 then ${now} + wait * interval '1 second' + ${tryMemory}
          when tries = 1 then ${now} + ${tryMemory}
          else counted.forgotten_at end
      from (select case when counted.forgotten_at > ${now} then counted.tries + 1 else 1 end as tries) as next,
        lateral (select ${wait} as wait) as there)
    returning ${wait} as seconds`.execute(db)
  return rows[0]?.seconds ?? 0
}

/** Deletes a few expired counts, so that unknown names do not fill the table. */
export async function forgetOldTries(db: Kysely<Tables>): Promise<void> {
  // now() can use the index, unlike clock_timestamp(). This matters, since the statement runs at every failed sign-in.
  await sql`
    delete from wrong_try where key in (
      select key from wrong_try where forgotten_at <= now() limit 10 for update skip locked)`.execute(db)
}

/** A key under which failed sign-ins are counted. */
interface ThrottleKey {
  /** A hash, since users may type a password in place of the name. */
  readonly key: string
  /** The number of failures at which the key is blocked. */
  readonly most: number
}

/** The keys of a sign-in: its account or name, and its client address. */
export type ThrottleKeys = readonly [name: ThrottleKey, address: ThrottleKey]

/**
 * The throttle keys of a name at a client address (docs/trust.md, A7). Each known address of an account has its own
 * key. All other addresses share one key per name, even for a name that does not exist. Lock order: name, then address.
 *
 * @param known the key of the account at this address (`password-sign-in.ts`); undefined for an unknown address
 */
export const throttleKeysOf = (name: string, address: string, known: string | undefined): ThrottleKeys => [
  { key: known ?? hashed(`name ${name.toLowerCase()}`), most: 5 },
  { key: hashed(`address ${networkOf(address)}`), most: 50 },
]

const hashed = (text: string) => createHash('sha256').update(text).digest('base64')

const addressMemory = sql`interval '30 days'`
/** More addresses than a person uses. Limited, since each known address allows more guesses. */
const maxAddresses = 20

/**
 * Finds a known address of an account.
 *
 * @returns one of the given hashes with a sign-in in the last 30 days, the same in every process; undefined if there is
 *   none
 */
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
    .where('seen_at', '>', sql<Date>`clock_timestamp() - ${addressMemory}`)
    .orderBy('hash')
    .limit(1),
)

/** Records a sign-in from an address, at most once a day. If an account has too many addresses, deletes the oldest. */
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

/** Deletes addresses without a sign-in in the last 30 days. */
export const sweepAddresses = (db: Kysely<Tables>, stop?: AbortSignal): Promise<number> =>
  deleteInBatches(
    db,
    (limit) => sql`
      delete from known_address where (account_id, hash) in (
        select account_id, hash from known_address where seen_at <= now() - ${addressMemory}
        limit ${limit} for update skip locked)`,
    stop,
  )
