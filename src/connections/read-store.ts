import type { Kysely } from 'kysely'
import { onceFor, type Prepared, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Account, PersonRef } from '../people/account.js'
import { type AccountRow, columnsOf, isPossible, toAccount } from '../people/store.js'
import { entryColumns, entryNames, networkStatement, pageStatement } from './list-statements.js'
import type { Colleague, ListRequest, Network, Order, Page, Position, Relationship } from './model.js'

type ListRef = Pick<ListRequest, 'status' | 'countPending'>

/** Reads the state of a person's list with one query; undefined if the person is unknown. */
export async function findNetwork(db: Kysely<Tables>, person: PersonRef, which: ListRef): Promise<Network | undefined> {
  if (!isPossible(person)) return undefined
  const statement = networkStatement({ by: person.by, countPending: which.countPending })
  const [row] = await statement.run(db, { person: person.value, status: which.status })
  return row && toNetwork(row, which)
}

/**
 * Reads a page of an owner's list and the list's state in one snapshot; undefined if the owner is gone. Costs one index
 * range scan, and one account look-up per peer.
 */
export async function readPage(
  db: Kysely<Tables>,
  { ownerId, other }: Pick<Network, 'ownerId' | 'other'>,
  request: ListRequest,
): Promise<Page | undefined> {
  const { rows } = await db.executeQuery(pageQuery({ ownerId, other }, request))
  const [head] = rows
  if (!head) return undefined
  const owner = toAccount(head, 'owner')
  const found = rows.filter((row) => row.entry_id !== null) as EntryRow[]
  const shown = found.slice(0, request.pageSize)
  if (isBackward(request)) shown.reverse()
  const complete = shown.filter(hasPeer)
  return {
    network: {
      ...toNetwork(head, request),
      ...(other && {
        other: { ...other, version: head.other_version ?? 0, changed: head.other_changed ?? other.changed },
      }),
    },
    owner,
    total: head.total ?? 0,
    ...(request.countPending && { waitingTotal: head.waiting_total ?? 0 }),
    colleagues: complete.map((row) => toColleague(row, owner)),
    orphans: shown.filter((row) => !hasPeer(row)).map((row) => row.entry_id),
    ...neighbours(request, shown, found.length > request.pageSize),
  }
}

/** The statement of `readPage`, exported for tests of its query plan. It reads one extra row, to detect a next page. */
export function pageQuery(
  { ownerId, other }: Pick<Network, 'ownerId' | 'other'>,
  { status, since, countPending, ...request }: ListRequest,
) {
  const { order, page, pageSize, position } = request
  const sort = { by: order.by, descending: order.descending !== isBackward(request) }
  const shape = {
    sort,
    beyond: position !== undefined,
    since: since !== undefined,
    inCommon: other !== undefined,
    countPending,
  }
  return pageStatement(shape).with({
    ownerId,
    otherId: other?.ownerId ?? '',
    status,
    since,
    limit: pageSize + 1,
    offset: (page - 1) * pageSize,
    key: position && 'name' in position ? position.name : (position?.change ?? ''),
    id: position?.id ?? '',
  })
}

const isBackward = ({ position }: Pick<ListRequest, 'position'>) => position?.direction === 'before'

type RowOf<Statement> = Statement extends (shape: never) => Prepared<never, infer Row> ? Row : never
type NetworkRow = RowOf<typeof networkStatement>
type Row = RowOf<typeof pageStatement>
type Filled<Value> = { [Key in keyof Value]: NonNullable<Value[Key]> }
type Entry = Filled<Pick<Row, Extract<keyof Row, `entry_${string}`>>>
type EntryRow = Row & Entry

const hasPeer = (row: EntryRow): row is EntryRow & AccountRow<'peer'> => row.peer_id !== null

function toNetwork(row: NetworkRow, { countPending }: Pick<ListRef, 'countPending'>): Network {
  const network = { ownerId: row.owner_id, version: row.version ?? 0, changed: row.changed }
  if (!countPending) return network
  const waiting = { version: row.waiting_version ?? 0, changed: row.waiting_changed ?? network.changed }
  return { ...network, waiting }
}

/** Converts a row with the columns of `entryNames` and of the peer to a view. */
function toColleague(row: Entry & AccountRow<'peer'>, owner: Account): Colleague {
  const peer = toAccount(row, 'peer')
  return {
    id: row.entry_id,
    connectionId: row.entry_connection_id,
    status: row.entry_status,
    owner,
    peer,
    inviter: row.entry_inviter_id === owner.id ? owner : peer,
    changedBy: row.entry_changed_by === owner.id ? owner : peer,
    message: row.entry_message,
    updated: row.entry_updated_at,
  }
}

/** Cursors of the neighbouring pages. In the direction a cursor came from, there is always another page. */
function neighbours(
  request: Pick<ListRequest, 'order' | 'page' | 'position'>,
  shown: readonly EntryRow[],
  more: boolean,
) {
  const first = shown[0]
  const last = shown.at(-1)
  const backward = isBackward(request)
  const goesBack = backward ? more : request.position !== undefined || request.page > 1
  const goesOn = backward || more
  return {
    previous: first && goesBack ? positionAt(first, 'before', request.order) : undefined,
    next: last && goesOn ? positionAt(last, 'after', request.order) : undefined,
  }
}

const positionAt = (row: EntryRow, direction: Position['direction'], { by }: Order): Position =>
  by === 'name'
    ? { direction, name: row.entry_peer_sort, id: row.entry_id }
    : { direction, change: row.entry_updated_at, id: row.entry_id }

/** Identifies one view of a connection, by id or by its two people. */
type ConnectionRef = { readonly id: string } | { readonly ownerId: string; readonly peerId: string }

/** Finds a view of a connection with both people; undefined if there is none or an account is missing. */
export async function findColleague(db: Kysely<Tables>, which: ConnectionRef): Promise<Colleague | undefined> {
  const [row] =
    'id' in which
      ? await colleagueStatement({ by: 'id' }).run(db, { one: which.id, other: '' })
      : await colleagueStatement({ by: 'people' }).run(db, { one: which.ownerId, other: which.peerId })
  return row && toColleague(row, toAccount(row, 'owner'))
}

const colleagueStatement = onceFor(({ by }: { by: 'id' | 'people' }) =>
  prepared((db, value: Value<{ one: string; other: string }>) =>
    db
      .selectFrom((from) =>
        from
          .selectFrom('colleague')
          .select([...entryColumns, 'owner_id'])
          .$if(by === 'id', (query) => query.where('id', '=', value('one')))
          .$if(by === 'people', (query) =>
            query.where('owner_id', '=', value('one')).where('peer_id', '=', value('other')),
          )
          .as('entry'),
      )
      .innerJoin('account as owner', 'owner.id', 'entry.owner_id')
      .innerJoin('account as peer', 'peer.id', 'entry.entry_peer_id')
      .select(entryNames)
      .select(columnsOf('owner'))
      .select(columnsOf('peer')),
  ),
)

/** Finds all relationships of a person, or the one of a view. Works even if an account is missing. */
export async function findRelationships(
  db: Kysely<Tables>,
  which: { readonly ownerId: string } | { readonly id: string },
): Promise<Relationship[]> {
  const rows = await db
    .selectFrom('colleague')
    .select(['connection_id', 'owner_id', 'peer_id', 'inviter_id', 'status'])
    .where('id' in which ? 'id' : 'owner_id', '=', 'id' in which ? which.id : which.ownerId)
    .execute()
  return rows.map((row) => ({
    connectionId: row.connection_id,
    inviterId: row.inviter_id,
    invitedId: row.inviter_id === row.owner_id ? row.peer_id : row.owner_id,
    isAccepted: row.status === 'accepted',
  }))
}
