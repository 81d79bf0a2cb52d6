import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { deleteInBatches } from '../db/batches.js'
import { prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { networkOf } from './identity.js'

const now = sql`clock_timestamp()`
const tryMemory = sql`interval '10 minutes'`

/** For how many seconds from now one of these may not try: 0 for none. */
export async function secondsToWait(db: Kysely<Tables>, triers: readonly ThrottleKey[]): Promise<number> {
  const keys = triers.map(({ key }) => key)
  const { rows } = await sql<{ seconds: number | null }>`
    select ceil(extract(epoch from max(blocked_until) - ${now}))::integer as seconds
    from wrong_try where key = any(${keys}::text[]) and blocked_until > ${now}`.execute(db)
  return rows[0]?.seconds ?? 0
}

/**
 * Counts a wrong try. From so many on there is to wait: a second, then twice as long each time, up to a quarter of an
 * hour (docs/trust.md, A7). Tries are forgotten ten minutes after the first of them, or else after the last wait.
 *
 * @returns for how many seconds there is to wait now: 0 where there were few
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

/** Deletes some of what is forgotten, so that names nobody has do not pile up. */
export async function forgetOldTries(db: Kysely<Tables>): Promise<void> {
  // Compared with now(), for which the index is of use: this is done at every wrong try.
  await sql`
    delete from wrong_try where key in (
      select key from wrong_try where forgotten_at <= now() limit 10 for update skip locked)`.execute(db)
}

/** Of what wrong tries are counted. */
interface ThrottleKey {
  /** A hash: what is typed for a name may be a password. */
  readonly key: string
  /** From how many wrong tries on it has to wait. */
  readonly most: number
}

/** The account or name, and the address, that a password comes with. */
export type ThrottleKeys = readonly [name: ThrottleKey, address: ThrottleKey]

/**
 * The counts of wrong passwords for a name from an address (docs/trust.md, A7). An account has a count of its own at an
 * address that is known for it. All other addresses share one for the name, whether anybody has it or not. Lock order:
 * name, then address.
 *
 * @param known the key of the account at this address (`password-sign-in.ts`)
 */
export const throttleKeysOf = (name: string, address: string, known: string | undefined): ThrottleKeys => [
  { key: known ?? hashed(`name ${name.toLowerCase()}`), most: 5 },
  { key: hashed(`address ${networkOf(address)}`), most: 50 },
]

const hashed = (text: string) => createHash('sha256').update(text).digest('base64')

const addressMemory = sql`interval '30 days'`
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
    .where('seen_at', '>', sql<Date>`clock_timestamp() - ${addressMemory}`)
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
        select account_id, hash from known_address where seen_at <= now() - ${addressMemory}
        limit ${most} for update skip locked)`,
    stop,
  )
