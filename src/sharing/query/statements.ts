import { type RawBuilder, sql } from 'kysely'
import { isUuid } from '../../people/account.js'
import { uuidObjects } from '../grant.js'
import { type Comparison, type Condition, propertiesIn, type Value, type Where } from './conditions.js'
import { refused, within } from './document.js'
import { type Accumulator, type Group, type GroupSort, maxSetSize } from './group.js'
import type { Property, PropertyType, Sort } from './properties.js'

/** The account that runs the query. */
export interface Viewer {
  readonly accountId: string | null
  /** In lower case; null for an account without a verified address. */
  readonly email: string | null
  readonly skipAcl: boolean
}

/**
 * The condition as SQL on a row of `connection as c`. It does not reveal hidden properties: a query that names the
 * target's account finds only active connections. Without `skipAcl`, a query that names the target's address finds only
 * connections made by the viewer or for the viewer. Both restrictions apply to the whole query, since a negation would
 * otherwise reveal the property (docs/module.md, The connection object; Queries).
 *
 * @returns a condition with bound values; null counts as false
 */
export function conditionOf(where: Where, viewer: Viewer): RawBuilder<boolean> {
  const named = new Set(propertiesIn(where).map(({ column }) => column))
  return joined('and', [
    condition(where),
    ...(named.has('target_id') ? [sql<boolean>`c.state = 'active'`] : []),
    ...(named.has('target_email') && !viewer.skipAcl ? [isParty(viewer)] : []),
  ])
}

const isParty = ({ accountId, email }: Viewer) => sql<boolean>`(
  c.creator_id = ${accountId}::uuid or c.target_id = ${accountId}::uuid
  or (c.target_id is null and c.target_email = ${email}::text))`

function condition(where: Where): RawBuilder<boolean> {
  switch (where.is) {
    case 'and':
    case 'or':
      return joined(where.is, where.of.map(condition))
    case 'not':
      // A comparison with an absent value is null; its negation is true.
      return sql`(${condition(where.of)}) is not true`
    default:
      return onProperty(where)
  }
}

const joined = (by: 'and' | 'or', parts: readonly RawBuilder<boolean>[]): RawBuilder<boolean> =>
  parts.length === 0
    ? sql`${by === 'and' ? sql`true` : sql`false`}`
    : sql`(${sql.join(parts, by === 'and' ? sql` and ` : sql` or `)})`

const signs: Record<Exclude<Comparison, 'equal'>, RawBuilder<unknown>> = {
  greater: sql`>`,
  greaterOrEqual: sql`>=`,
  less: sql`<`,
  lessOrEqual: sql`<=`,
}

function onProperty(of: Condition): RawBuilder<boolean> {
  const { property } = of
  const column = columnOf(property)
  const list = (values: readonly Value[]) => sql`${values.map(bound)}::${typeOf(property)}[]`
  switch (of.is) {
    case 'absent':
      return sql`${column} is null`
    case 'equal':
      return orRespelt(sql`${column} = ${bound(of.value)}::${typeOf(property)}`, property, [of.value])
    case 'oneOf':
      return orRespelt(sql`${column} = any(${list(of.values)})`, property, of.values)
    case 'prefixed':
      return sql`starts_with(${column}, ${of.prefix}::text)`
    case 'having':
      return of.which === 'all' ? sql`${column} @> ${list(of.values)}` : sql`${column} && ${list(of.values)}`
    case 'sized':
      return sql`cardinality(${column}) = ${of.size}::bigint`
    default:
      return sql`${columnOf(property, 'ordered')} ${signs[of.is]} ${bound(of.value)}::${typeOf(property)}`
  }
}

/** Also matches the lower-case form of UUIDs, since ids of accounts and the organisation are case-insensitive. */
function orRespelt(condition: RawBuilder<boolean>, property: Property, values: readonly Value[]): RawBuilder<boolean> {
  if (property.type !== 'contextId') return condition
  const folded = values.map(String).filter((id) => isUuid(id) && id !== id.toLowerCase())
  if (folded.length === 0) return condition
  const ids = folded.map((id) => id.toLowerCase())
  return sql`(${condition} or (
    ${columnOf(property)} = any(${ids}::text[]) and c.context_object = any(${uuidObjects}::text[])))`
}

/** Binds a date in UTC, since the driver would write it in the time zone of the machine. */
const bound = (value: Value): string | number => (value instanceof Date ? value.toISOString() : value)

/** A row with the column names of `groupQuery`. */
type GroupRow = Readonly<Record<string, unknown>>

// Names from the caller never reach the SQL: columns are numbered, and `toGroup` adds the names afterwards.
const keyName = (index: number) => `k${index}`
const outName = (index: number) => `a${index}`

/**
 * Groups connections. Without connections there are no groups, not even with `_id: null`.
 *
 * @param group see `parseGroup`
 * @param sorts see `parseGroupSort`
 * @param from relation `c` with the columns of `connection`, and only the rows that the viewer may see
 */
export function groupQuery(
  { keys, out }: Group,
  sorts: readonly GroupSort[],
  { from, skip, limit }: { from: RawBuilder<unknown>; skip: number; limit: number },
): RawBuilder<GroupRow> {
  const keyColumns = keys.map(({ property }) => columnOf(property, 'ordered'))
  const columns = [
    ...keyColumns.map((column, index) => sql`${column} as ${sql.id(keyName(index))}`),
    ...out.map(({ by, property }, index) => sql`${accumulated(by, property)} as ${sql.id(outName(index))}`),
  ]
  const order = sorts.map(({ of, index, isDescending }) => {
    const name = sql.id(of === 'key' ? keyName(index) : outName(index))
    return isDescending ? sql`${name} desc nulls last` : sql`${name} asc nulls first`
  })
  return sql`
    select ${columns.length > 0 ? sql.join(columns) : sql`1 as one`}
    from ${from}
    ${keys.length > 0 ? sql`group by ${sql.join(keyColumns)}` : sql`having count(*) > 0`}
    ${order.length > 0 ? sql`order by ${sql.join(order)}` : sql``}
    limit ${limit}::bigint offset ${skip}::bigint`
}

function accumulated(by: Accumulator, property: Property | undefined): RawBuilder<unknown> {
  const column = property === undefined ? sql`*` : columnOf(property)
  switch (by) {
    case '$count':
      return sql`count(${column})::integer`
    case '$sum':
      return sql`sum(${column})::float8`
    case '$avg':
      return sql`avg(${column})::float8`
    case '$min':
      return sql`min(${column})`
    case '$max':
      return sql`max(${column})`
    case '$addToSet':
      // One more than allowed, to detect an overflow.
      return sql`coalesce(
        (array_agg(distinct ${column}) filter (where ${column} is not null))[1:${maxSetSize + 1}::integer], '{}')`
  }
}

/**
 * Converts a row of `groupQuery` to a group. The values are numbers, ids, `Date`s and lists of ids; null if absent.
 *
 * @throws Refusal `invalidArgument.query` for a set with too many values
 */
export function toGroup({ keys, out }: Group, row: GroupRow): Record<string, unknown> {
  const values = keys.map(({ name }, index): [string, unknown] => [name ?? '_id', row[keyName(index)]])
  const id: [string, unknown][] = keys[0]?.name === undefined ? values : [['_id', Object.fromEntries(values)]]
  const made = out.map(({ name, by }, index): [string, unknown] => {
    const value = row[outName(index)]
    if (by !== '$addToSet' || (value as unknown[]).length <= maxSetSize) return [name, value]
    throw refused(within(within('out', name), by), `A set has at most ${maxSetSize} values; narrow it down by where.`)
  })
  return Object.fromEntries([...id, ...made])
}

/**
 * The SQL expression for a property of a row of `connection as c`. The state is a number, as in shown connections.
 *
 * @param use `ordered` compares texts by bytes; otherwise an index of the column can be used
 */
function columnOf({ type, column }: Property, use?: 'ordered'): RawBuilder<unknown> {
  if (column === 'state') return sql`case c.state when 'active' then 1 else 0 end`
  const plain = sql.ref(`c.${column}`)
  return use === 'ordered' && (type === 'object' || type === 'email') ? sql`${plain} collate "C"` : sql`${plain}`
}

const types: Record<PropertyType, RawBuilder<unknown>> = {
  id: sql`uuid`,
  contextId: sql`text`,
  int: sql`bigint`,
  date: sql`timestamptz`,
  object: sql`text`,
  email: sql`text`,
  roles: sql`text`,
}

/** The SQL type of a property. */
const typeOf = ({ type }: Property): RawBuilder<unknown> => types[type]

/** The `order by` of rows of `connection as c`. */
export const orderOf = (sorts: readonly Sort[]): RawBuilder<unknown> =>
  sql.join(
    sorts.map(({ property, isDescending }) => {
      const direction = isDescending ? sql`desc` : sql`asc`
      // Absent values sort before all other values (docs/module.md, Queries). On columns without absent values, the
      // clause would prevent the use of an index.
      const absent = property.column !== 'expires_at' ? sql`` : isDescending ? sql` nulls last` : sql` nulls first`
      return sql`${columnOf(property, 'ordered')} ${direction}${absent}`
    }),
  )
