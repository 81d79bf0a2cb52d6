import { type RawBuilder, sql } from 'kysely'
import { columnOf } from './column-statements.js'
import { refused, within } from './document.js'
import { type Accumulator, type Group, type GroupSort, mostInSet } from './group.js'
import type { Property } from './properties.js'

/** A row under the names that `groupQuery` gave its columns. */
export type GroupRow = Readonly<Record<string, unknown>>

// Columns are numbered: the names of the user come in after the statement, in `toGroup`.
const keyName = (index: number) => `k${index}`
const outName = (index: number) => `a${index}`

/**
 * Groups connections. Where there are none there are no groups, not even the one of all.
 *
 * @param group what to group by and what to make of it (`parseGroup`)
 * @param sorts in which order (`parseGroupSort`)
 * @param from what goes behind `from`: something called `c` with the columns of `connection`, only with rows that the
 * viewer may see
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
      // One more than a set may have: enough to notice that there are too many.
      return sql`coalesce(
        (array_agg(distinct ${column}) filter (where ${column} is not null))[1:${mostInSet + 1}::integer], '{}')`
  }
}

/**
 * A group as it is shown, out of a row of `groupQuery`: numbers, ids, `Date`s and lists of ids; null for none.
 *
 * @throws Fault `invalidArgument.query` for a set that has too many values
 */
export function toGroup({ keys, out }: Group, row: GroupRow): Record<string, unknown> {
  const values = keys.map(({ name }, index): [string, unknown] => [name ?? '_id', row[keyName(index)]])
  const id: [string, unknown][] = keys[0]?.name === undefined ? values : [['_id', Object.fromEntries(values)]]
  const made = out.map(({ name, by }, index): [string, unknown] => {
    const value = row[outName(index)]
    if (by !== '$addToSet' || (value as unknown[]).length <= mostInSet) return [name, value]
    throw refused(within(within('out', name), by), `A set has at most ${mostInSet} values; narrow it down by where.`)
  })
  return Object.fromEntries([...id, ...made])
}
