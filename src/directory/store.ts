import { sql, type Transaction } from 'kysely'
import { json } from '../db/json.js'
import type { Tables } from '../db/tables.js'
import type { Fate } from './people.js'

export type Db = Transaction<Tables>

/**
 * Keeps all other writers out until the transaction ends, in the order in which they take their locks, and makes the
 * notes of what the import touches.
 */
export async function beginImport(db: Db): Promise<void> {
  await sql`lock table network, account, connection, colleague in exclusive mode`.execute(db)
  await sql`create temporary table touched_account (id uuid primary key, fate text not null) on commit drop`.execute(db)
  await sql`create temporary table touched_pair (id uuid primary key, fate text not null) on commit drop`.execute(db)
  await sql`
    create temporary table touched_list (owner_id uuid, status text, primary key (owner_id, status))
    on commit drop`.execute(db)
  // Every statement below looks a batch up by keys. Of what the same transaction wrote the planner knows too little
  // to see that, and would read whole tables again for each batch. What it has left it takes for so dear that it would
  // compile each statement first, which takes a hundred times as long as running it.
  await sql`
    select set_config(setting, 'off', true)
    from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']) as setting`.execute(db)
}

/** Of several fates of one thing within an import the strongest counts, which is the first by alphabet. */
export async function noteFates(
  db: Db,
  table: 'touched_account' | 'touched_pair',
  things: readonly { readonly id: string; readonly fate: Fate }[],
): Promise<void> {
  await sql`
    insert into ${sql.table(table)} as noted (id, fate)
    select id, fate from jsonb_to_recordset(${json(things.map(({ id, fate }) => ({ id, fate })))})
      as thing (id uuid, fate text)
    on conflict (id) do update set fate = least(noted.fate, excluded.fate)
    where excluded.fate < noted.fate`.execute(db)
}

/** Moves every list on that looks different now, and counts it anew. */
export async function moveNetworksOn(db: Db): Promise<void> {
  await sql`
    insert into network (owner_id, status, version, changed, total)
    select owner_id, status, 1, greatest(clock_timestamp(), newest), total
    from touched_list, lateral (
      select count(*) as total, max(updated_at) as newest from colleague
      where colleague.owner_id = touched_list.owner_id and colleague.status = touched_list.status
    ) as rows
    on conflict (owner_id, status) do update set version = network.version + 1, total = excluded.total,
      changed = greatest(excluded.changed, network.changed + interval '1 millisecond')`.execute(db)
}

export type Counts = Record<Fate, number>

/** How many accounts and relationships had which fate. */
export async function countFates(db: Db, table: 'touched_account' | 'touched_pair'): Promise<Counts> {
  const { rows } = await sql<{ fate: Fate; number: number }>`
    select fate, count(*)::integer as number from ${sql.table(table)} group by fate`.execute(db)
  return { added: 0, changed: 0, unchanged: 0, ...Object.fromEntries(rows.map((row) => [row.fate, row.number])) }
}
