import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.js'
import type { Trier } from './triers.js'

/** For how many seconds from now one of these may not try: 0 for none. */
export async function secondsToWait(db: Kysely<Tables>, triers: readonly Trier[]): Promise<number> {
  const keys = triers.map(({ key }) => key)
  const { rows } = await sql<{ seconds: number | null }>`
    select ceil(extract(epoch from max(blocked_until) - clock_timestamp()))::integer as seconds
    from wrong_try where key = any(${keys}::text[]) and blocked_until > clock_timestamp()`.execute(db)
  return rows[0]?.seconds ?? 0
}

/**
 * Counts a wrong try. Tries are forgotten ten minutes after the first of them, or where there were too many, after the
 * last wait: a second, then twice as long each time, up to a quarter of an hour (trust, 4.4).
 *
 * @returns for how many seconds there is to wait now: 0 where there were few
 */
export async function countWrongTry(db: Kysely<Tables>, { key, most }: Trier): Promise<number> {
  const { rows } = await sql<{ seconds: number | null }>`
    insert into wrong_try as counted (key, tries, forgotten_at)
    values (${key}, 1, clock_timestamp() + interval '10 minutes')
    on conflict (key) do update set (tries, blocked_until, forgotten_at) = (
      select tries, blocked_until, case
        when blocked_until is not null then blocked_until + interval '10 minutes'
        when tries = 1 then clock_timestamp() + interval '10 minutes'
        else counted.forgotten_at end
      from (select case when counted.forgotten_at > clock_timestamp() then counted.tries + 1 else 1 end as tries) as next,
        lateral (
          select case when tries >= ${most}::integer then clock_timestamp()
            + least(900, power(2, least(tries - ${most}::integer, 10))) * interval '1 second' end as blocked_until
        ) as wait)
    returning ceil(extract(epoch from blocked_until - clock_timestamp()))::integer as seconds`.execute(db)
  return rows[0]?.seconds ?? 0
}

/** Deletes some of what is forgotten, so that names nobody has do not pile up. */
export async function forgetOldTries(db: Kysely<Tables>): Promise<void> {
  await sql`
    delete from wrong_try where key in (
      select key from wrong_try where forgotten_at <= clock_timestamp() limit 10 for update skip locked)`.execute(db)
}
