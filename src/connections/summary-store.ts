import { type Kysely, sql } from 'kysely'
import { prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { type Colleague, type Status, statuses } from './model.js'

/** The account ids of two connected people, in ascending order. */
type Among = readonly [one: string, other: string]

/**
 * Finds the connections between an owner's first colleagues, in order of name.
 *
 * @param most maximum number of colleagues to compare. The cost is at most quadratic in this number, regardless of the
 *   length of their lists
 */
export async function findAmong(db: Kysely<Tables>, ownerId: string, most: number): Promise<Among[]> {
  const { rows } = await db.executeQuery(amongQuery(ownerId, most))
  return rows.map(({ one, other }) => [one, other])
}

/** The statement of `findAmong`, exported for tests of its query plan. */
export const amongQuery = (ownerId: string, most: number) => statement.with({ ownerId, most })

const statement = prepared((db, value: Value<{ ownerId: string; most: number }>) =>
  db
    .with(
      (name) => name('shown').materialized(),
      (cte) =>
        cte
          .selectFrom('colleague')
          .select('peer_id')
          .where('owner_id', '=', value('ownerId'))
          .where('status', '=', 'accepted')
          .orderBy('peer_sort')
          .orderBy('id')
          .limit(value('most')),
    )
    .selectFrom('shown')
    .innerJoinLateral(
      (from) =>
        from
          .selectFrom('colleague')
          .select(['owner_id as one', 'peer_id as other'])
          .whereRef('owner_id', '=', 'shown.peer_id')
          .where(sql<boolean>`peer_id = any(array(select peer_id from shown))`)
          .whereRef('peer_id', '>', 'owner_id')
          .where('status', '=', 'accepted')
          // Without this limit, the planner may scan the lists of all people.
          .limit(value('most'))
          .as('pair'),
      (join) => join.onTrue(),
    )
    .select(['pair.one', 'pair.other']),
)

/** The lengths of an owner's lists, with one query. */
export async function findTotals(db: Kysely<Tables>, ownerId: string): Promise<Record<Status, number>> {
  const rows = await totals.run(db, { ownerId })
  const known = new Map(rows.map(({ status, total }) => [status, total]))
  return Object.fromEntries(statuses.map((status) => [status, known.get(status) ?? 0])) as Record<Status, number>
}

const totals = prepared((db, value: Value<{ ownerId: string }>) =>
  db.selectFrom('network').select(['status', 'total']).where('owner_id', '=', value('ownerId')),
)

/** The owner's views of existing connections with the given people, by account id of the peer. */
export async function findRelations(
  db: Kysely<Tables>,
  ownerId: string,
  peerIds: readonly string[],
): Promise<ReadonlyMap<string, Pick<Colleague, 'id' | 'status' | 'message'>>> {
  if (peerIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('colleague')
    .select(['peer_id', 'id', 'status', 'message'])
    .where('owner_id', '=', ownerId)
    .where('peer_id', 'in', peerIds)
    .execute()
  return new Map(rows.map(({ peer_id, ...view }) => [peer_id, view]))
}
