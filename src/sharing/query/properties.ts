import type { ConnectionTable } from '../../db/tables.js'
import { entriesOf, refused } from './document.js'

/**
 * The form of the values of a property: `id` is a UUID, `contextId` the id of any object, `object` the name of a type,
 * `email` an address in any letter case, `roles` a list of roles.
 */
export type PropertyType = 'id' | 'contextId' | 'int' | 'date' | 'object' | 'email' | 'roles'

/** A property of a connection that a query may name. */
export interface Property {
  readonly type: PropertyType
  readonly column: keyof ConnectionTable
  /** Whether a list may be sorted by it. */
  readonly isSorted?: true
  /** Whether rows may be grouped by it. */
  readonly isGrouped?: true
  /** Some readers of a connection may not see the property, so accumulators refuse it. */
  readonly isHidden?: true
}

const contextId: Property = { type: 'contextId', column: 'context_key', isGrouped: true }
const creatorId: Property = { type: 'id', column: 'creator_id', isGrouped: true }
const targetId: Property = { type: 'id', column: 'target_id', isHidden: true }

const table: Record<string, Property> = {
  _id: { type: 'id', column: 'id', isSorted: true },
  state: { type: 'int', column: 'state', isSorted: true, isGrouped: true },
  access: { type: 'int', column: 'access', isSorted: true, isGrouped: true },
  usesRemaining: { type: 'int', column: 'uses_remaining' },
  created: { type: 'date', column: 'created_at', isSorted: true, isGrouped: true },
  updated: { type: 'date', column: 'updated_at', isSorted: true },
  expiresAt: { type: 'date', column: 'expires_at', isSorted: true },
  context: contextId,
  'context._id': contextId,
  'context.object': { type: 'object', column: 'context_object', isGrouped: true },
  creator: creatorId,
  'creator._id': creatorId,
  'target.account': targetId,
  'target.account._id': targetId,
  'target.email': { type: 'email', column: 'target_email', isHidden: true },
  roles: { type: 'roles', column: 'roles' },
}

/** All properties that queries may name (docs/module.md, Queries). */
export const properties: ReadonlyMap<string, Property> = new Map(Object.entries(table))

/** One key of a sort order. */
export interface Sort {
  readonly property: Property
  readonly isDescending: boolean
}

const maxKeys = 3
const byId: Sort = { property: properties.get('_id') as Property, isDescending: false }

/**
 * Reads the option `sort` (docs/module.md, Queries).
 *
 * @param input a name, or an object of names with 1 or -1; undefined, null and an empty object stand for `_id`
 * @returns the sort keys by precedence; they include `_id`, so that the order is total
 * @throws Refusal `invalidArgument.query` with the name, or `sort` for the option as a whole
 */
export function parseSort(input: unknown): readonly Sort[] {
  const sorts = sortEntries(input).map(({ name, isDescending }): Sort => {
    const property = properties.get(name)
    if (property?.isSorted) return { property, isDescending }
    throw refused(name, 'Connections cannot be sorted by this property.')
  })
  return sorts.some(({ property }) => property === byId.property) ? sorts : [...sorts, byId]
}

/**
 * Parses a `sort` without checking its names.
 *
 * @throws Refusal `invalidArgument.query`
 */
export function sortEntries(input: unknown): { readonly name: string; readonly isDescending: boolean }[] {
  if (input === undefined || input === null) return []
  if (typeof input === 'string') return [{ name: input, isDescending: false }]
  const entries = entriesOf(input, 'sort')
  if (entries.length > maxKeys) throw refused('sort', `At most ${maxKeys} names are allowed.`)
  return entries.map(([name, direction]) => {
    if (direction !== 1 && direction !== -1) throw refused(name, 'This must be 1 or -1.')
    return { name, isDescending: direction === -1 }
  })
}
