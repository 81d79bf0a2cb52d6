import { type RawBuilder, sql } from 'kysely'
import { isUuid } from '../../accounts/account.js'
import { uuidObjects } from '../context-id.js'
import { columnOf, typeOf } from './column-statements.js'
import type { Property } from './properties.js'
import { type Comparison, type Condition, propertiesIn, type Where } from './tree.js'
import type { Value } from './values.js'

/** Whose list is queried. */
export interface Viewer {
  readonly accountId: string | null
  /** Folded to lower case; null for whoever is not known to own one. */
  readonly email: string | null
  readonly skipAcl: boolean
}

/**
 * The condition as SQL on a row of `connection as c`, with what keeps hidden properties hidden: a query that names the
 * target's account has only active connections, one that names the address only those of which the viewer is creator
 * or target. Both hold for the whole query, wherever in it the property stands, since else a negation would show what
 * the condition itself may not (connections-module reference, sections 11 and 13).
 *
 * @returns every value bound; null counts as false
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
      // What is absent makes a comparison neither true nor false; its negation is true all the same.
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

/** Accounts and the organisation have UUIDs, which a query may write in another case. */
function orRespelt(condition: RawBuilder<boolean>, property: Property, values: readonly Value[]): RawBuilder<boolean> {
  if (property.type !== 'contextId') return condition
  const folded = values.map(String).filter((id) => isUuid(id) && id !== id.toLowerCase())
  if (folded.length === 0) return condition
  const ids = folded.map((id) => id.toLowerCase())
  return sql`(${condition} or (
    ${columnOf(property)} = any(${ids}::text[]) and c.context_object = any(${uuidObjects}::text[])))`
}

/** The drivers would write a `Date` in the time zone of the machine. */
const bound = (value: Value): string | number => (value instanceof Date ? value.toISOString() : value)
