import type { Kysely } from 'kysely'
import { prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { type Colleague, type Status, statuses } from './connection.js'

/** How many entries each list of an owner has, by one look-up. */
export async function findTotals(db: Kysely<Tables>, ownerId: string): Promise<Record<Status, number>> {
  const rows = await totals.run(db, { ownerId })
  const known = new Map(rows.map(({ status, total }) => [status, total]))
  return Object.fromEntries(statuses.map((status) => [status, known.get(status) ?? 0])) as Record<Status, number>
}

const totals = prepared((db, value: Value<{ ownerId: string }>) =>
  db.selectFrom('network').select(['status', 'total']).where('owner_id', '=', value('ownerId')),
)

/** How an owner sees the connection with each of some people, by their ids, where there is one. */
export async function findStandings(
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
