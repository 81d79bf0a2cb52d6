import { sql, type Transaction } from 'kysely'
import { asColleagues } from '../connections/model.js'
import { json } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { sortKey } from '../people/account.js'
import {
  type PairChange,
  pairsOf,
  type PairMember,
  sides,
  statusSeenBy,
  type StoredPair,
  type StoredRow,
} from './pairs.js'
import type { Outcome } from './people.js'

export type Db = Transaction<Tables>

/**
 * Locks out all other writers of accounts and connections until the transaction ends, in the same lock order as theirs.
 * Creates temporary tables that record the changed rows and lists.
 */
export async function beginImport(db: Db): Promise<void> {
  await sql`lock table network, account, connection, colleague in exclusive mode`.execute(db)
  await sql`
    create temporary table touched_account (id uuid primary key, outcome text not null) on commit drop`.execute(db)
  await sql`
    create temporary table touched_pair (id uuid primary key, outcome text not null) on commit drop`.execute(db)
  await sql`
    create temporary table touched_list (owner_id uuid, status text, primary key (owner_id, status))
    on commit drop`.execute(db)
  // All statements look up batches by key. The planner has no statistics of rows written in this transaction, and would
  // scan whole tables for each batch. With scans disabled it overestimates the cost and would turn on JIT compilation,
  // which takes a hundred times as long as the statement.
  await sql`
    select set_config(setting, 'off', true)
    from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']) as setting`.execute(db)
}

/** Finds accounts by user id. */
export async function findPeople(db: Db, userIds: readonly string[]): Promise<PairMember[]> {
  const { rows } = await sql<{ id: string; user_id: string; name: string }>`
    select id, user_id, name from account where user_id = any(${userIds}::text[])`.execute(db)
  return rows.map((row) => ({ id: row.id, userId: row.user_id, name: row.name }))
}

/** Finds the stored pairs for these pairs of accounts, and the pairs that have a row with one of these ids. */
export async function findPairs(
  db: Db,
  pairs: readonly { readonly one: string; readonly other: string }[],
  rowIds: readonly string[],
): Promise<StoredPair[]> {
  const { rows } = await sql<StoredRow>`
    with wanted as (
      select one, other from jsonb_to_recordset(${json(pairs)}) as pair (one uuid, other uuid)
      union select owner_id, peer_id from colleague where id = any(${rowIds}::uuid[])
    )
    select id, owner_id as owner, peer_id as peer, connection_id as "connectionId", status, inviter_id as inviter,
      changed_by as "changedBy", message, updated_at as updated
    from (select one, other from wanted union select other, one from wanted) as either
      join colleague on owner_id = one and peer_id = other`.execute(db)
  return pairsOf(rows)
}

/** Writes changed pairs: for each, a connection and a row for either person. */
export async function putPairs(db: Db, changes: readonly PairChange[], nameOf: (id: string) => string): Promise<void> {
  const written = changes.filter(({ outcome }) => outcome !== 'unchanged')
  if (written.length > 0) {
    await writeConnections(db, written)
    await writeRows(db, written, nameOf)
    await touchLists(db, written)
  }
  await recordOutcomes(
    db,
    'touched_pair',
    changes.map(({ connectionId, outcome }) => ({ id: connectionId, outcome })),
  )
}

// An active connection keeps the rights of both people, even if the import swaps inviter and invited person. A pending
// connection keeps the offered rights if it stays pending with the same inviter. All other connections get the rights
// of colleagues.
const staysActive = sql<boolean>`(connection.state = 'active' and excluded.state = 'active')`
const isReversed = sql<boolean>`(connection.context_id <> excluded.context_id)`
const staysOffered = sql<boolean>`(
  connection.state = 'pending' and excluded.state = 'pending' and connection.creator_id = excluded.creator_id
  and connection.context_id = excluded.context_id)`

async function writeConnections(db: Db, changes: readonly PairChange[]): Promise<void> {
  const rows = changes.map(({ connectionId, pair }) => ({
    id: connectionId,
    inviter: pair.people[pair.inviter],
    invited: pair.people[pair.inviter === 0 ? 1 : 0],
    state: pair.accepted ? 'active' : 'pending',
    at: new Date(pair.updated),
    applied: pair.accepted ? new Date(pair.updated) : null,
  }))
  const { access } = asColleagues
  await sql`
    insert into connection (id, context_object, context_id, creator_id, target_id, state, access,
      created_at, updated_at, applied_at)
    select id, 'account', inviter, inviter, invited, state, ${access}, at, at, applied
    from jsonb_to_recordset(${json(rows)})
      as input (id uuid, inviter uuid, invited uuid, state text, at timestamptz, applied timestamptz)
    on conflict (id) do update set
      access = case
        when ${staysActive} and ${isReversed} then connection.reverse_access
        when ${staysActive} or ${staysOffered} then connection.access else ${access} end,
      roles = case
        when ${staysActive} and ${isReversed} then connection.reverse_roles
        when ${staysActive} or ${staysOffered} then connection.roles else '{}' end,
      reverse_access = case
        when ${staysActive} and ${isReversed} then connection.access
        when ${staysActive} then connection.reverse_access else ${access} end,
      reverse_roles = case
        when ${staysActive} and ${isReversed} then connection.roles
        when ${staysActive} then connection.reverse_roles else '{}' end,
      skipped_acl = ${staysOffered} and connection.skipped_acl,
      skipped_access = case when ${staysOffered} then connection.skipped_access end,
      skipped_roles = case when ${staysOffered} then connection.skipped_roles else '{}' end,
      context_id = excluded.context_id, creator_id = excluded.creator_id,
      target_id = excluded.target_id, state = excluded.state, updated_at = excluded.updated_at,
      created_at = least(connection.created_at, excluded.created_at), applied_at = excluded.applied_at,
      token_hash = null, token_key = null`.execute(db)
}

async function writeRows(db: Db, changes: readonly PairChange[], nameOf: (id: string) => string): Promise<void> {
  const rows = changes.flatMap(({ connectionId, pair }) =>
    sides.map((side) => ({
      id: pair.rows[side],
      owner: pair.people[side],
      peer: pair.people[side === 0 ? 1 : 0],
      connection: connectionId,
      status: statusSeenBy(pair, side),
      inviter: pair.people[pair.inviter],
      changed_by: pair.people[pair.changedBy],
      message: pair.message,
      sort: sortKey(nameOf(pair.people[side === 0 ? 1 : 0])),
      at: new Date(pair.updated),
    })),
  )
  await sql`
    insert into colleague (id, owner_id, peer_id, connection_id, status, inviter_id, changed_by, message,
      peer_sort, updated_at)
    select id, owner, peer, connection, status, inviter, changed_by, message, sort, at
    from jsonb_to_recordset(${json(rows)}) as input (id uuid, owner uuid, peer uuid, connection uuid, status text,
      inviter uuid, changed_by uuid, message text, sort text, at timestamptz)
    on conflict (owner_id, peer_id) do update set id = excluded.id, status = excluded.status,
      inviter_id = excluded.inviter_id, changed_by = excluded.changed_by, message = excluded.message,
      updated_at = excluded.updated_at`.execute(db)
}

async function touchLists(db: Db, changes: readonly PairChange[]): Promise<void> {
  const lists = changes.flatMap(({ lists }) => lists)
  await sql`
    insert into touched_list (owner_id, status)
    select distinct owner, status from jsonb_to_recordset(${json(lists)}) as list (owner uuid, status text)
    on conflict do nothing`.execute(db)
}

/**
 * Records the outcomes of rows. If a row has several, the strongest is stored: added, then changed, then unchanged.
 * The statement relies on their alphabetical order.
 */
export async function recordOutcomes(
  db: Db,
  table: 'touched_account' | 'touched_pair',
  things: readonly { readonly id: string; readonly outcome: Outcome }[],
): Promise<void> {
  await sql`
    insert into ${sql.table(table)} as recorded (id, outcome)
    select id, outcome from jsonb_to_recordset(${json(things.map(({ id, outcome }) => ({ id, outcome })))})
      as thing (id uuid, outcome text)
    on conflict (id) do update set outcome = least(recorded.outcome, excluded.outcome)
    where excluded.outcome < recorded.outcome`.execute(db)
}

/** Gives every touched list a new version and total. */
export async function bumpNetworks(db: Db): Promise<void> {
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

export type Counts = Record<Outcome, number>

/** Counts accounts or pairs by outcome. */
export async function countOutcomes(db: Db, table: 'touched_account' | 'touched_pair'): Promise<Counts> {
  const { rows } = await sql<{ outcome: Outcome; number: number }>`
    select outcome, count(*)::integer as number from ${sql.table(table)} group by outcome`.execute(db)
  return { added: 0, changed: 0, unchanged: 0, ...Object.fromEntries(rows.map((row) => [row.outcome, row.number])) }
}
