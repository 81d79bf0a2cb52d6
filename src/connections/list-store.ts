import type { Kysely } from 'kysely'
import { gathered, gatheredAlone } from '../db/gather.js'
import { onceFor, type Prepared } from '../db/prepared.js'
import type { Status, Tables } from '../db/tables.js'
import type { Person, PersonRef } from '../people/account.js'
import { accountIn, isPossible, type PersonJson, type Shown } from '../people/store.js'
import { networkStatement, pageStatement } from './list-statements.js'
import { type ListRequest, type Network, type Order, type Page, type Position, viewOf } from './model.js'

type ListRef = Pick<ListRequest, 'status' | 'countPending'>

/** Reads the state of a person's list; undefined if the person is unknown. */
export async function findNetwork(db: Kysely<Tables>, person: PersonRef, which: ListRef): Promise<Network | undefined> {
  if (!isPossible(person)) return undefined
  const { by, value: owner } = person
  const { status, countPending } = which
  return networkFinder({ by, countPending })(db, { owner, status })
}

const networkFinder = onceFor((shape: { readonly by: PersonRef['by']; readonly countPending: boolean }) =>
  gathered({
    query: (lists: readonly { readonly owner: string; readonly status: Status }[]) =>
      networkStatement(shape).with({
        owners: lists.map(({ owner }) => owner),
        statuses: lists.map(({ status }) => status),
      }),
    read: (rows, lists) => {
      const found = new Map(rows.map((row) => [row.place, toNetwork(row, shape)]))
      return lists.map((_list, index) => found.get(index + 1))
    },
    nameOf: ({ owner, status }) => `${status} ${owner}`,
  }),
)

/** The list of a page. */
type OwnList = Pick<Network, 'ownerId' | 'other'>

/**
 * Reads a page of an owner's list and the list's state in one snapshot; undefined if the owner is gone. Costs one index
 * range scan, and one account look-up per peer.
 */
export async function readPage(db: Kysely<Tables>, list: OwnList, request: ListRequest): Promise<Page | undefined> {
  const page = await readRow(db, list, request, 'account')
  return page && toPage(page, list, request, accountIn)
}

/** As `readPage`, with the parts of people that a connection entry shows. */
export async function readPersons(
  db: Kysely<Tables>,
  list: OwnList,
  request: ListRequest,
): Promise<Page<Person> | undefined> {
  const page = await readRow(db, list, request, 'person')
  return page && toPage(page, list, request, (json) => json)
}

interface PageRef {
  readonly list: OwnList
  readonly request: ListRequest
}

/** The statement of one or several pages of a kind, exported for tests of its plan. */
export function pageQuery(pages: readonly PageRef[], shown: Shown = 'account') {
  const { list, request } = pages[0] as PageRef
  const positions = pages.map(({ request: { position } }) => position)
  return pageStatement(shapeOf(list, request, shown)).with({
    owners: pages.map(({ list: { ownerId } }) => ownerId),
    others: pages.map(({ list: { other } }) => other?.ownerId ?? null),
    statuses: pages.map(({ request: { status } }) => status),
    since: pages.map(({ request: { since } }) => since?.toISOString() ?? null),
    // One extra row, to detect a next page.
    limits: pages.map(({ request: { pageSize } }) => pageSize + 1),
    offsets: pages.map(({ request: { page, pageSize } }) => (page - 1) * pageSize),
    keys: positions.map((position) => position && ('name' in position ? position.name : position.change.toISOString())),
    ids: positions.map((position) => position?.id),
  })
}

/** Pages of one shape are read by one statement. */
function shapeOf({ other }: OwnList, { order, since, countPending, position }: ListRequest, shown: Shown) {
  return {
    shown,
    sort: { by: order.by, descending: order.descending !== (position?.direction === 'before') },
    beyond: position !== undefined,
    since: since !== undefined,
    inCommon: other !== undefined,
    countPending,
  }
}

/** Pages that start further on are slow, so they share no statement. */
const maxSkipped = 1_000

async function readRow(
  db: Kysely<Tables>,
  list: OwnList,
  request: ListRequest,
  shown: Shown,
): Promise<Row | undefined> {
  const isQuick =
    !list.other && !request.since && (request.position !== undefined || request.page * request.pageSize <= maxSkipped)
  if (isQuick) return pageReader(shapeOf(list, request, shown))(db, { list, request })
  const { rows } = await db.executeQuery(pageQuery([{ list, request }], shown))
  return rows[0]
}

const pageReader = onceFor(({ shown }: ReturnType<typeof shapeOf>) =>
  gatheredAlone({
    query: (pages: readonly PageRef[]) => pageQuery(pages, shown),
    read: (rows, pages) => {
      const found = new Map(rows.map((row) => [row.place, row]))
      return pages.map((_page, index) => found.get(index + 1))
    },
    nameOf: ({ list: { ownerId }, request: { status, page, pageSize, position } }) =>
      JSON.stringify([ownerId, status, page, pageSize, position]),
  }),
)

type RowOf<Statement> = Statement extends (shape: never) => Prepared<never, infer Row> ? Row : never
type NetworkRow = RowOf<typeof networkStatement>
type Row = RowOf<typeof pageStatement>
type Entry = Row['entries'][number]
type FullEntry = Entry & { readonly peer: PersonJson }

function toNetwork(
  row: Pick<NetworkRow, 'owner_id' | 'version' | 'changed' | 'waiting_version' | 'waiting_changed'>,
  { countPending }: Pick<ListRef, 'countPending'>,
): Network {
  const network = { ownerId: row.owner_id, version: row.version ?? 0, changed: new Date(row.changed) }
  if (!countPending) return network
  const waiting = { version: row.waiting_version ?? 0, changed: new Date(row.waiting_changed ?? row.changed) }
  return { ...network, waiting }
}

function toPage<Shown extends Person>(
  row: Row,
  { other }: OwnList,
  request: ListRequest,
  personIn: (json: PersonJson) => Shown,
): Page<Shown> {
  const owner = personIn(row.owner)
  const shown = row.entries.slice(0, request.pageSize)
  if (isBackward(request)) shown.reverse()
  return {
    network: {
      ...toNetwork(row, request),
      ...(other && {
        other: {
          ...other,
          version: row.other_version ?? 0,
          changed:
            row.other_changed === null || row.other_changed === undefined ? other.changed : new Date(row.other_changed),
        },
      }),
    },
    owner,
    total: row.total ?? 0,
    ...(request.countPending && { waitingTotal: row.waiting_total ?? 0 }),
    colleagues: shown.filter(hasPeer).map((entry) => viewOf(entry, owner, personIn(entry.peer))),
    orphans: shown.filter((entry) => !hasPeer(entry)).map(({ id }) => id),
    ...neighbours(request, shown, row.entries.length > request.pageSize),
  }
}

const hasPeer = (entry: Entry): entry is FullEntry => entry.peer !== null

const isBackward = ({ position }: Pick<ListRequest, 'position'>) => position?.direction === 'before'

/** Cursors of the neighbouring pages. In the direction a cursor came from, there is always another page. */
function neighbours(request: Pick<ListRequest, 'order' | 'page' | 'position'>, shown: readonly Entry[], more: boolean) {
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

const positionAt = ({ id, sort, updated }: Entry, direction: Position['direction'], { by }: Order): Position =>
  by === 'name' ? { direction, name: sort, id } : { direction, change: new Date(updated), id }
