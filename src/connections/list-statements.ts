import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Status, Tables } from '../db/tables.js'
import type { PersonRef } from '../people/account.js'
import { columnsOf, isPerson } from '../people/store.js'
import type { Order } from './model.js'

/** The parts of a request that determine the statement. */
interface NetworkShape {
  readonly countPending: boolean
}

interface NetworkValues {
  status: Status
}

/** Reads the state of a person's list. */
export const networkStatement = onceFor(({ by, ...shape }: NetworkShape & Pick<PersonRef, 'by'>) =>
  prepared((db, value: Value<NetworkValues & { person: string }>) =>
    networkQuery(db, shape, value).where(isPerson(by, value('person'), 'owner')),
  ),
)

/**
 * With `beyond`, the page starts at a cursor, otherwise at an offset. `sort` is the reading order; it is reversed for a
 * backward cursor.
 */
interface PageShape extends NetworkShape {
  readonly since: boolean
  readonly inCommon: boolean
  readonly sort: Order
  readonly beyond: boolean
}

interface PageValues extends NetworkValues {
  ownerId: string
  /** The second person of a list of common colleagues. */
  otherId: string
  since: Date | undefined
  limit: number
  offset: number
  /** The cursor: name or date, and id. */
  key: string | Date
  id: string
}

/**
 * Reads a page of an owner's list and the list's state in one snapshot. Returns at least one row if the owner exists.
 */
export const pageStatement = onceFor(({ sort, since, inCommon, beyond, countPending }: PageShape) =>
  prepared((db, value: Value<PageValues>) => {
    const column = sort.by === 'name' ? 'peer_sort' : 'updated_at'
    const direction = sort.descending ? 'desc' : 'asc'
    const here = sql`(${sql.ref(column)}, id)`
    const there = sql`(${value('key')}, ${value('id')})`
    return networkQuery(db, { countPending }, value)
      .select(columnsOf('owner'))
      .select((from) =>
        (since || inCommon ? entryCount(from, { since, inCommon }, value) : from.ref('network.total'))
          .$castTo<number | null>()
          .as('total'),
      )
      .$if(inCommon, (query) =>
        query
          .leftJoin('network as other', (join) =>
            join.on('other.owner_id', '=', value('otherId')).on('other.status', '=', 'accepted'),
          )
          .select(['other.version as other_version', 'other.changed as other_changed']),
      )
      .$if(countPending, (query) => query.select(waitingTotal))
      .where('owner.id', '=', value('ownerId'))
      .leftJoinLateral(
        (from) =>
          from
            .selectFrom('colleague')
            .select(entryColumns)
            .where('owner_id', '=', value('ownerId'))
            .where('status', '=', value('status'))
            .$if(since, (query) => query.where('updated_at', '>', value('since') as Date))
            .$if(inCommon, (query) => query.where((row) => row.exists(sharedRow(row, value))))
            .$if(beyond, (query) => query.where(sql<boolean>`${here} ${sort.descending ? sql`<` : sql`>`} ${there}`))
            .orderBy(column, direction)
            .orderBy('id', direction)
            .limit(value('limit'))
            .$if(!beyond, (query) => query.offset(value('offset')))
            .as('entry'),
        (join) => join.onTrue(),
      )
      .leftJoin('account as peer', 'peer.id', 'entry.entry_peer_id')
      .select(entryNames)
      .select(columnsOf('peer'))
      .orderBy(`entry.entry_${column}`, direction)
      .orderBy('entry.entry_id', direction)
  }),
)

/** The columns of an entry, prefixed to avoid clashes with those of accounts. */
export const entryColumns = [
  'id as entry_id',
  'peer_id as entry_peer_id',
  'connection_id as entry_connection_id',
  'status as entry_status',
  'inviter_id as entry_inviter_id',
  'changed_by as entry_changed_by',
  'message as entry_message',
  'peer_sort as entry_peer_sort',
  'updated_at as entry_updated_at',
] as const

export const entryNames = [
  'entry.entry_id',
  'entry.entry_peer_id',
  'entry.entry_connection_id',
  'entry.entry_status',
  'entry.entry_inviter_id',
  'entry.entry_changed_by',
  'entry.entry_message',
  'entry.entry_peer_sort',
  'entry.entry_updated_at',
] as const

/** A list that has never changed has no row: it is empty, and dated like the owner's account. */
function networkQuery(db: Kysely<Tables>, { countPending }: NetworkShape, value: Value<NetworkValues>) {
  return db
    .selectFrom('account as owner')
    .leftJoin('network', (join) =>
      join.onRef('network.owner_id', '=', 'owner.id').on('network.status', '=', value('status')),
    )
    .select(['owner.id as owner_id', 'network.version'])
    .select((from) => from.fn.coalesce('network.changed', 'owner.created_at').as('changed'))
    .$if(countPending, (query) =>
      query
        .leftJoin('network as waiting', (join) =>
          join.onRef('waiting.owner_id', '=', 'owner.id').on('waiting.status', '=', 'pending'),
        )
        .select('waiting.version as waiting_version')
        .select((from) => from.fn.coalesce('waiting.changed', 'owner.created_at').as('waiting_changed')),
    )
}

const waitingTotal = sql<number | null>`waiting.total`.as('waiting_total')

const entryCount = (
  from: ExpressionBuilder<Tables & { owner: Tables['account'] }, 'owner'>,
  { since, inCommon }: Pick<PageShape, 'since' | 'inCommon'>,
  value: Value<PageValues>,
) =>
  from
    .selectFrom('colleague')
    .select((entries) => entries.fn.countAll<number>().as('count'))
    .whereRef('colleague.owner_id', '=', 'owner.id')
    .where('colleague.status', '=', value('status'))
    .$if(since, (query) => query.where('colleague.updated_at', '>', value('since') as Date))
    .$if(inCommon, (query) => query.where((row) => row.exists(sharedRow(row, value))))

/** The other person's row for the same peer. */
const sharedRow = (from: ExpressionBuilder<Tables, 'colleague'>, value: Value<PageValues>) =>
  from
    .selectFrom('colleague as shared')
    .select('shared.id')
    .where('shared.owner_id', '=', value('otherId'))
    .whereRef('shared.peer_id', '=', 'colleague.peer_id')
    .where('shared.status', '=', 'accepted')
