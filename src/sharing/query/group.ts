import { checkSize, entriesOf, isDocument, referred, refused, stepsOf, within } from './document.js'
import { properties, type Property, sortEntries } from './properties.js'

export type Accumulator = '$count' | '$sum' | '$avg' | '$min' | '$max' | '$addToSet'

/**
 * A grouping of rows. The names of keys and accumulators come from the caller. They are used in results, never in SQL.
 */
export interface Group {
  /** The keys; a single key without a name makes `_id` a value, not an object. */
  readonly keys: readonly { readonly name: string | undefined; readonly property: Property }[]
  /** The accumulators. `$count` without a property counts all rows. */
  readonly out: readonly { readonly name: string; readonly by: Accumulator; readonly property: Property | undefined }[]
}

/** A sort key of groups: the key or the accumulator with this index. */
export interface GroupSort {
  readonly of: 'key' | 'out'
  readonly index: number
  readonly isDescending: boolean
}

const maxAccumulators = 8

/** Maximum number of values in a result of `$addToSet`. */
export const maxSetSize = 1000

/**
 * Reads the option `group` (docs/module.md, Queries).
 *
 * @returns undefined without a grouping
 * @throws Refusal `invalidArgument.query` with the path within the option (`out.n.$sum`), or `group` for the option as
 *   a whole
 */
export function parseGroup(input: unknown): Group | undefined {
  if (input === undefined || input === null) return undefined
  checkSize(input, 'group')
  const parts = new Map(entriesOf(input, 'group'))
  for (const name of parts.keys()) {
    if (name !== '_id' && name !== 'out') throw refused(name, 'A group may have only _id and out.')
  }
  if (!parts.has('_id')) throw refused('_id', '_id is missing; null puts all connections in one group.')
  const outs = parts.has('out') ? entriesOf(parts.get('out'), 'group', 'out') : []
  if (outs.length > maxAccumulators) throw refused('out', `A group may have at most ${maxAccumulators} accumulators.`)
  return { keys: keysOf(parts.get('_id')), out: outs.map(([name, value]) => outOf(name, value)) }
}

function keysOf(input: unknown): Group['keys'] {
  if (input === null) return []
  if (!isDocument(input)) return [{ name: undefined, property: keyOf(input, '_id') }]
  const entries = entriesOf(input, 'group', '_id')
  if (entries.length === 0 || entries.length > maxAccumulators)
    throw refused('_id', `1 to ${maxAccumulators} names are required.`)
  return entries.map(([name, value]) => {
    const path = within('_id', name)
    return { name: plainName(name, path), property: keyOf(value, path) }
  })
}

function keyOf(value: unknown, path: string): Property {
  const property = typeof value === 'string' ? properties.get(referred(value) ?? value) : undefined
  if (property?.isGrouped) return property
  throw refused(path, 'This must be a property that connections can be grouped by.')
}

function outOf(name: string, input: unknown): Group['out'][number] {
  const path = within('out', name)
  plainName(name, path)
  if (name === '_id') throw refused(path, 'The name _id is reserved for the keys of the groups.')
  const [[by, value] = ['', null], ...others] = entriesOf(input, 'group', path)
  const accepts = accumulators.get(by as Accumulator)
  if (!accepts || others.length > 0) throw refused(path, `One of ${[...accumulators.keys()].join(' ')} is needed.`)
  if (by === '$count' && value === 1) return { name, by, property: undefined }
  const property = properties.get(referred(value) ?? '')
  // An accumulator must not reveal a property that is hidden from the reader in single connections.
  if (property && !property.isHidden && accepts(property)) return { name, by: by as Accumulator, property }
  throw refused(within(path, by), 'This must be a $ and the name of a property that suits the accumulator.')
}

const accumulators = new Map<Accumulator, (property: Property) => boolean>([
  ['$count', () => true],
  ['$sum', ({ column }) => column === 'access'],
  ['$avg', ({ column }) => column === 'access'],
  ['$min', ({ column, type }) => column === 'access' || type === 'date'],
  ['$max', ({ column, type }) => column === 'access' || type === 'date'],
  ['$addToSet', ({ type }) => type === 'id' || type === 'contextId'],
])

function plainName(name: string, path: string): string {
  if (stepsOf(name, path).length > 1) throw refused(path, 'Names of results must not contain dots.')
  return name
}

/**
 * Reads the option `sort` of a grouping: names of `out`, `_id` for all keys, `_id.name` for one key.
 *
 * @returns the sort keys by precedence; they include all keys of the groups
 * @throws Refusal as `parseSort`
 */
export function parseGroupSort(input: unknown, { keys, out }: Group): readonly GroupSort[] {
  const allKeys = keys.map((_, index) => ({ of: 'key' as const, index, isDescending: false }))
  const sorts = sortEntries(input).flatMap(({ name, isDescending }): GroupSort[] => {
    const index = out.findIndex((each) => each.name === name)
    if (index !== -1) return [{ of: 'out', index, isDescending }]
    const found = allKeys.filter(({ index }) => name === '_id' || name === `_id.${keys[index]?.name ?? ''}`)
    if (found.length === 0) throw refused(name, 'The groups have no key or accumulator with this name.')
    return found.map((each) => ({ ...each, isDescending }))
  })
  return [...sorts, ...allKeys]
}
