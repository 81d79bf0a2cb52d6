import { checkSize, entriesOf, referred, refused, stepsOf } from './document.js'

/** Source and destination paths of values. */
type Mapping = readonly { readonly from: readonly string[]; readonly to: readonly string[] }[]

const maxNames = 50

/**
 * Reads the option `map`: `{name: 1}` selects, `{newName: '$path'}` renames (docs/module.md, Queries). Names with dots
 * select or create nested properties.
 *
 * @returns undefined without a mapping
 * @throws Refusal `invalidArgument.query` with the name, or `map` for the option as a whole
 */
export function parseMap(input: unknown): Mapping | undefined {
  if (input === undefined || input === null) return undefined
  checkSize(input, 'map')
  const entries = entriesOf(input, 'map')
  if (entries.length === 0 || entries.length > maxNames) throw refused('map', `1 to ${maxNames} names are required.`)
  const mapping = entries.map(([name, value]) => {
    const to = stepsOf(name, name)
    const path = referred(value)
    if (path !== undefined) return { to, from: stepsOf(path, name) }
    if (value === 1) return { to, from: to }
    throw refused(name, 'This must be 1, or a $ and the path of a property.')
  })
  for (const { to } of mapping) {
    const isInside = mapping.some((other) => other.to !== to && other.to.every((step, index) => step === to[index]))
    if (isInside) throw refused(to.join('.'), 'One name is the beginning of another.')
  }
  return mapping
}

/**
 * Applies a mapping to a connection as its reader sees it. Hidden values are absent.
 *
 * @param shown the connection; it is not modified
 */
export function applyMap(mapping: Mapping | undefined, shown: Record<string, unknown>): Record<string, unknown> {
  if (mapping === undefined) return shown
  const made: Record<string, unknown> = {}
  for (const { from, to } of mapping) {
    const value = from.reduce<unknown>((from, name) => (isObject(from) ? own(from, name) : undefined), shown)
    if (value !== undefined) place(made, to, value)
  }
  return made
}

/**
 * Whether a value is an object but not an array. Instances of classes count, since properties of an application's
 * objects may be instances.
 */
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const own = (of: object, name: string): unknown =>
  Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : undefined

/** The value at a path, or undefined. An element of a list is named by its `_id`, else by its index. */
export const valueAt = (value: unknown, path: readonly string[]): unknown => path.reduce(named, value)

function named(within: unknown, name: string): unknown {
  if (typeof within !== 'object' || within === null) return undefined
  if (Array.isArray(within)) {
    const element: unknown = within.find((each) => named(each, '_id') === name)
    if (element !== undefined) return element
  }
  return own(within, name)
}

/** Reduces a document to the given paths, `_id` and `object`. */
export function only(document: object, paths: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {}
  for (const path of ['_id', 'object', ...paths]) {
    const names = path.split('.')
    const value = valueAt(document, names)
    if (value !== undefined) place(picked, names, value)
  }
  return picked
}

/** Puts a value at a path. The objects along the path are created, or copied if they exist. */
export function place(into: Record<string, unknown>, names: readonly string[], value: unknown): void {
  const [name = '', ...rest] = names
  if (rest.length === 0) return define(into, name, value)
  const known = Object.hasOwn(into, name) ? into[name] : undefined
  const inner: Record<string, unknown> = typeof known === 'object' && known !== null ? { ...known } : {}
  place(inner, rest, value)
  define(into, name, inner)
}

/** Defines a property. `__proto__` is treated like any other name. */
const define = (into: object, name: string, value: unknown) =>
  void Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true })
