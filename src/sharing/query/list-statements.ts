import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { grantColumns, isAlive } from '../grant-store.js'
import type { Grant } from '../grant.js'
import type { Group, GroupSort } from './group.js'
import { groupQuery, toGroup } from './statements.js'

/** Lists the connections of this account; null lists all connections. */
type Viewer = { readonly accountId: string; readonly email: string | null } | null

/** The selected connections. */
export interface Selection {
  readonly viewer: Viewer
  /**
   * Created by the viewer, for the viewer, or on the given contexts; null for all connections of the viewer (`waysOf`).
   */
  readonly show: 'creator' | 'target' | Managed | null
  readonly state: Grant['state'] | null
  /** Names of types of contexts. */
  readonly objects: readonly string[]
  readonly where: RawBuilder<boolean>
  /** Only connections after or before this id. */
  readonly beyond: { readonly id: string; readonly direction: 'after' | 'before' } | null
}

/**
 * The given contexts, or `shared` for the viewer's account and all contexts that a connection lets the viewer share.
 */
export type Managed = { readonly contexts: readonly Context[] | 'shared' }

export type Context = Pick<Grant, 'object' | 'contextId'>

/** The order and the page. One row more than `limit` is read, to detect a next page. */
interface Part {
  readonly order: RawBuilder<unknown>
  readonly skip: number
  readonly limit: number
}

/**
 * Lists connections. Each relation between a connection and the viewer (`waysOf`) is a separate index scan. Each scan
 * stops when the page is full, so that it need not read the whole list.
 */
export async function listGrants(db: Kysely<Tables>, selection: Selection, part: Part): Promise<Grant[]> {
  return (await listQuery(selection, part).execute(db)).rows
}

/** The statement of `listGrants`, exported for tests of its query plan. */
export function listQuery(selection: Selection, { order, skip, limit }: Part) {
  const most = sql`order by ${order} limit ${skip + limit + 1}`
  return sql<Grant>`
    select ${grantColumns} from (${branches(selection, most)}) as c
    order by ${order} limit ${limit + 1} offset ${skip}`
}

/** Groups connections (`query/group.ts`). */
export async function groupGrants(
  db: Kysely<Tables>,
  selection: Selection,
  group: Group,
  sorts: readonly GroupSort[],
  { skip, limit }: Omit<Part, 'order'>,
): Promise<{ groups: Record<string, unknown>[]; hasMore: boolean }> {
  const from = sql`(${branches(selection, sql``)}) as c`
  const { rows } = await groupQuery(group, sorts, { from, skip, limit: limit + 1 }).execute(db)
  return { groups: rows.slice(0, limit).map((row) => toGroup(group, row)), hasMore: rows.length > limit }
}

function branches({ viewer, show, state, objects, where, beyond }: Selection, most: RawBuilder<unknown>) {
  const conditions = [
    isAlive,
    where,
    ...(state === null ? [] : [sql<boolean>`c.state = ${state}`]),
    ...(beyond === null ? [] : [beyond.direction === 'after' ? sql`c.id > ${beyond.id}` : sql`c.id < ${beyond.id}`]),
    sql<boolean>`c.context_object = any(${objects}::text[])`,
  ]
  const some = (way: RawBuilder<boolean>) =>
    sql`(select c.* from connection as c where ${sql.join([way, ...conditions], sql` and `)} ${most})`
  if (typeof show !== 'object' || show === null) return sql.join(waysOf(viewer, show).map(some), sql` union all `)
  // One index scan per context.
  const ofContext = some(sql`c.context_object = managed.object and c.context_key = managed.key`)
  return sql`select c.* from (${contextsOf(viewer, show)}) as managed cross join lateral ${ofContext} as c`
}

function contextsOf(viewer: Viewer, { contexts }: Managed): RawBuilder<unknown> {
  if (contexts !== 'shared') {
    const [objects, keys] = [contexts.map(({ object }) => object), contexts.map(({ contextId }) => contextId)]
    return sql`select object, key from unnest(${objects}::text[], ${keys}::text[]) as named (object, key)`
  }
  const accountId = viewer?.accountId ?? null
  // 5 is the level `share`. It is a literal, as in the conditions of the two partial indexes.
  return sql`
    select 'account' as object, ${accountId}::text as key
    union all
    select context_object, context_key from connection
    where target_id = ${accountId} and state = 'active' and access >= 5
    union all
    select context_object, target_id::text from connection
    where context_object = 'account' and context_key = ${accountId} and state = 'active' and reverse_access >= 5`
}

/** Returns those of the given contexts that have connections. */
export async function findContexts(db: Kysely<Tables>, contexts: readonly Context[]): Promise<Context[]> {
  const { rows } = await sql<Context>`
    select managed.object, managed.key as "contextId"
    from (${contextsOf(null, { contexts })}) as managed
    where exists (
      select from connection as c where c.context_object = managed.object and c.context_key = managed.key)`.execute(db)
  return rows
}

/** The disjoint ways in which a connection can belong to the viewer. */
function waysOf(viewer: Viewer, show: 'creator' | 'target' | null): RawBuilder<boolean>[] {
  if (viewer === null) return [sql<boolean>`true`]
  const { accountId, email } = viewer
  const created = sql<boolean>`c.creator_id = ${accountId}`
  const targeted = sql<boolean>`c.target_id = ${accountId}`
  const addressed = sql<boolean>`c.target_id is null and c.target_email = ${email}`
  if (show === 'creator') return [created]
  if (show === 'target') return [targeted, addressed]
  const byOthers = sql<boolean>`c.creator_id <> ${accountId}`
  return [
    created,
    sql<boolean>`${targeted} and ${byOthers}`,
    sql<boolean>`${addressed} and ${byOthers}`,
    sql<boolean>`c.context_object = 'account' and c.context_key = ${accountId} and c.state = 'active'
      and c.target_id is not null and ${byOthers} and c.target_id <> ${accountId}`,
  ]
}
