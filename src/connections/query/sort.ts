import { entriesOf, refused } from './document.js'
import { properties, type Property } from './properties.js'

/** One of the keys of an order. */
export interface Sort {
  readonly property: Property
  readonly isDescending: boolean
}

const mostKeys = 3
const byId: Sort = { property: properties.get('_id') as Property, isDescending: false }

/**
 * Reads the option `sort` (connections-module reference, section 13).
 *
 * @param input a name, or an object of names with 1 or -1; undefined, null and an empty object stand for `_id`
 * @returns the keys, the first counting most; `_id` is always among them, so that the order is of all rows
 * @throws Fault `invalidArgument.query` with the name, or `sort` for the whole
 */
export function parseSort(input: unknown): readonly Sort[] {
  const sorts = sortEntries(input).map(({ name, isDescending }): Sort => {
    const property = properties.get(name)
    if (property?.isSorted) return { property, isDescending }
    throw refused(name, 'There is no property of this name to sort by.')
  })
  return sorts.some(({ property }) => property === byId.property) ? sorts : [...sorts, byId]
}

/**
 * The names of a `sort`, whatever they name.
 *
 * @throws Fault `invalidArgument.query`
 */
export function sortEntries(input: unknown): { readonly name: string; readonly isDescending: boolean }[] {
  if (input === undefined || input === null) return []
  if (typeof input === 'string') return [{ name: input, isDescending: false }]
  const entries = entriesOf(input, 'sort')
  if (entries.length > mostKeys) throw refused('sort', `At most ${mostKeys} names are offered.`)
  return entries.map(([name, direction]) => {
    if (direction !== 1 && direction !== -1) throw refused(name, 'This has to be 1 or -1.')
    return { name, isDescending: direction === -1 }
  })
}
