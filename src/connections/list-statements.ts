import { type AliasedExpression, type ExpressionBuilder, type Kysely, type RawBuilder, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Status, Tables } from '../db/tables.js'
import type { PersonRef } from '../people/account.js'
import { isPerson, jsonOf, millisecondsOf, type PersonJson, type Shown } from '../people/store.js'
import type { Order } from './model.js'

/** The parts of a request that determine the statement. */
interface NetworkShape {
  readonly countPending: boolean
}

/** Lists by owner and status, in parallel arrays: one statement reads several. */
interface NetworkValues {
  owners: readonly string[]
  statuses: readonly Status[]
}

/** Reads the state of lists: a row for each list of a known person, with its place in the arrays. */
export const networkStatement = onceFor(({ by, ...shape }: NetworkShape & Pick<PersonRef, 'by'>) =>
  prepared((db, value: Value<NetworkValues>) => {
    const lists = sql<Given>`unnest(${value('owners')}::text[], ${value('statuses')}::text[]) with ordinality`
    const given = lists.as<'given'>(sql`given(owner, status, place)`)
    const owner = by === 'key' ? sql`given.owner::uuid` : sql`given.owner`
    return networkQuery(db, shape, given, isPerson(by, owner, 'owner'))
  }),
)

/**
 * With `beyond`, the page starts at a cursor, otherwise at an offset. `sort` is the reading order; it is reversed for a
 * backward cursor.
 */
interface PageShape extends NetworkShape {
  readonly shown: Shown
  readonly since: boolean
  readonly inCommon: boolean
  readonly sort: Order
  readonly beyond: boolean
}

/** As `NetworkValues`, with ids of owners. */
interface PageValues extends NetworkValues {
  limits: readonly number[]
  offsets: readonly number[]
  /** Second persons, for lists of common colleagues. */
  others: readonly (string | null | undefined)[]
  /** Dates in ISO form. */
  since: readonly (string | null | undefined)[]
  /** Cursors: name or date, and id. */
  keys: readonly (string | null | undefined)[]
  ids: readonly (string | null | undefined)[]
}

/** A row of the arrays. */
interface Given {
  place: number
  owner: string
  status: Status
  rows: number
  skipped: number
  other: string
  since: Date
  key: string
  id: string
}

/**
 * Reads a page and the state of each list in one snapshot. Returns a row for each list, if its owner exists. A page
 * costs one index range and the accounts of its peers. With `since` or `inCommon`, all matching rows are counted too.
 */
export const pageStatement = onceFor(({ shown, inCommon, countPending, ...shape }: PageShape) =>
  prepared((db, value: Value<PageValues>) => {
    const lists = sql<Given>`unnest(
      ${value('owners')}::uuid[], ${value('statuses')}::text[],
      ${value('limits')}::bigint[], ${value('offsets')}::bigint[],
      ${value('others')}::uuid[], ${value('since')}::timestamptz[], ${value('keys')}::text[], ${value('ids')}::uuid[]
    ) with ordinality`
    const given = lists.as<'given'>(sql`given(owner, status, rows, skipped, other, since, key, id, place)`)
    const isCounted = shape.since || inCommon
    return networkQuery(db, { countPending }, given, sql<boolean>`owner.id = given.owner`)
      .select(jsonOf('owner', shown).as('owner'))
      .select((from) => (isCounted ? countOf(from, inCommon, shape.since) : from.ref('network.total')).as('total'))
      .$if(inCommon, (query) =>
        query
          .leftJoin('network as other', (join) =>
            join.onRef('other.owner_id', '=', 'given.other').on('other.status', '=', 'accepted'),
          )
          .select([
            'other.version as other_version',
            millisecondsOf<number | null>(sql`other.changed`).as('other_changed'),
          ]),
      )
      .$if(countPending, (query) => query.select(sql<number | null>`waiting.total`.as('waiting_total')))
      .select((from) => jsonArrayFrom(entriesOf(from, { ...shape, shown, inCommon })).as('entries'))
  }),
)

type Scope = Tables & { owner: Tables['account']; given: Given }
type From = ExpressionBuilder<Scope, 'owner' | 'given'>

/** The entries of a page, in order. */
function entriesOf(from: From, { shown, since, inCommon, sort, beyond }: Omit<PageShape, 'countPending'>) {
  const column = sort.by === 'name' ? 'peer_sort' : 'updated_at'
  const direction = sort.descending ? 'desc' : 'asc'
  const here = sql`(colleague.${sql.ref(column)}, colleague.id)`
  const there = sql`(given.key${sort.by === 'name' ? sql`` : sql`::timestamptz`}, given.id)`
  const rows = rowsOf(from, inCommon, since)
    .selectAll('colleague')
    .$if(beyond, (query) => query.where(sql<boolean>`${here} ${sort.descending ? sql`<` : sql`>`} ${there}`))
    .orderBy(`colleague.${column}`, direction)
    .orderBy('colleague.id', direction)
    .limit(sql<number>`given.rows`)
    .$if(!beyond, (query) => query.offset(sql<number>`given.skipped`))
  return from
    .selectFrom(rows.as('entry'))
    .leftJoin('account as peer', 'peer.id', 'entry.peer_id')
    .select([
      'entry.id',
      'entry.connection_id as connectionId',
      'entry.status',
      'entry.inviter_id as inviterId',
      'entry.changed_by as changedBy',
      'entry.message',
      'entry.peer_sort as sort',
      millisecondsOf<number>(sql`entry.updated_at`).as('updated'),
      sql<PersonJson | null>`case when peer.id is not null then ${jsonOf('peer', shown)} end`.as('peer'),
    ])
    .orderBy(`entry.${column}`, direction)
    .orderBy('entry.id', direction)
}

/** The rows of a list that a page or a count selects from. */
const rowsOf = (from: From, inCommon: boolean, since: boolean) =>
  from
    .selectFrom('colleague')
    .whereRef('colleague.owner_id', '=', 'given.owner')
    .whereRef('colleague.status', '=', 'given.status')
    .$if(since, (query) => query.whereRef('colleague.updated_at', '>', 'given.since'))
    .$if(inCommon, (query) => query.where((row) => row.exists(sharedRow(row))))

const countOf = (from: From, inCommon: boolean, since: boolean) =>
  rowsOf(from, inCommon, since)
    .select((rows) => rows.fn.countAll<number>().as('count'))
    .$castTo<number | null>()

/** The other person's row for the same peer. */
const sharedRow = (from: ExpressionBuilder<Scope, 'colleague' | 'given'>) =>
  from
    .selectFrom('colleague as shared')
    .select('shared.id')
    .whereRef('shared.owner_id', '=', 'given.other')
    .whereRef('shared.peer_id', '=', 'colleague.peer_id')
    .where('shared.status', '=', 'accepted')

/** A list that has never changed has no row: it is empty, and dated like the owner's account. */
function networkQuery(
  db: Kysely<Tables>,
  { countPending }: NetworkShape,
  given: AliasedExpression<Given, 'given'>,
  isOwner: RawBuilder<boolean>,
) {
  return db
    .selectFrom(given)
    .innerJoin('account as owner', (join) => join.on(isOwner))
    .leftJoin('network', (join) =>
      join.onRef('network.owner_id', '=', 'owner.id').onRef('network.status', '=', 'given.status'),
    )
    .select(['given.place', 'owner.id as owner_id', 'network.version', changeOf('network').as('changed')])
    .$if(countPending, (query) =>
      query
        .leftJoin('network as waiting', (join) =>
          join.onRef('waiting.owner_id', '=', 'owner.id').on('waiting.status', '=', 'pending'),
        )
        .select(['waiting.version as waiting_version', changeOf('waiting').as('waiting_changed')]),
    )
}

const changeOf = (network: string) =>
  millisecondsOf<number>(sql`coalesce(${sql.ref(`${network}.changed`)}, owner.created_at)`)
