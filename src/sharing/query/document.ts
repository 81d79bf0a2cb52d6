import { Refusal } from '../../faults.js'
import { isStorable } from '../../people/store.js'

const maxDocumentBytes = 16 * 1024

/** The fault of a query that cannot be understood. The path begins within the option: `$or.1.access.$gt`. */
export const refused = (path: string, reason: string): Refusal => new Refusal('invalidArgument.query', { path, reason })

/** The path of a name within what has a path itself. */
export const within = (path: string, name: string | number): string => (path === '' ? `${name}` : `${path}.${name}`)

/** Whether a value is an object of names and values, from whichever realm; a Map, a Date or a promise is not. */
export const isNamesAndValues = (value: unknown): value is object =>
  Object.prototype.toString.call(value) === '[object Object]'

/** Whether a value is a plain object of names and values, not an instance of a class. */
export function isDocument(value: unknown): value is object {
  if (!isNamesAndValues(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.hasOwn(prototype as object, 'isPrototypeOf')
}

/**
 * The names and values of a document.
 *
 * @param option whose the document is, for the fault
 * @param path of the document within the option
 * @throws Refusal `invalidArgument.query` for what is not a plain object, has hidden names, or a name whose value is
 *   undefined: a variable that was never set, or an object of another kind, must not turn a condition into none
 */
export function entriesOf(document: unknown, option: string, path = ''): [string, unknown][] {
  if (!isDocument(document)) throw refused(path || option, 'This has to be a plain object of names and values.')
  const entries = Object.entries(document) as [string, unknown][]
  if (Reflect.ownKeys(document).length > entries.length) {
    throw refused(path || option, 'This has names that are symbols or not enumerable.')
  }
  const unset = entries.find(([, value]) => value === undefined)
  if (unset) throw refused(within(path, unset[0]), 'The value is undefined; use null for what is absent.')
  return entries
}

/**
 * Refuses what is longer than 16 kB as JSON, or cannot be written as JSON at all.
 *
 * @param option its name, for the fault
 * @throws Refusal `invalidArgument.query`
 */
export function checkSize(input: unknown, option: string): void {
  let text: string | undefined
  try {
    text = JSON.stringify(input)
  } catch {
    throw refused(option, 'This cannot be written as JSON.')
  }
  if (Buffer.byteLength(text ?? '') > maxDocumentBytes) throw refused(option, 'This is longer than 16 kB as JSON.')
}

const maxNameLength = 100
const maxDepth = 10

/**
 * The steps of a name with dots, such as `target.email`.
 *
 * @param at the path of the fault
 * @throws Refusal `invalidArgument.query` for an empty or overlong name, and one that stands for something else (`$`)
 */
export function stepsOf(name: string, at: string): string[] {
  const steps = name.split('.')
  const isName = isStorable(name) && name.length <= maxNameLength && steps.length <= maxDepth
  if (isName && steps.every((step) => step !== '' && !step.startsWith('$'))) return steps
  throw refused(at, `Names are 1 to ${maxNameLength} characters long and do not begin with $.`)
}

/** What `$name` refers to. Undefined where the value refers to nothing. */
export const referred = (value: unknown): string | undefined =>
  typeof value === 'string' && value.startsWith('$') ? value.slice(1) : undefined
