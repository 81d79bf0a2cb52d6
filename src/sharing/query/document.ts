import { Refusal } from '../../faults.js'
import { isStorable } from '../../people/store.js'

const maxDocumentBytes = 16 * 1024

/** The refusal of a query. The path is relative to the option, such as `$or.1.access.$gt`. */
export const refused = (path: string, reason: string): Refusal => new Refusal('invalidArgument.query', { path, reason })

/** The path of a name below another path. */
export const within = (path: string, name: string | number): string => (path === '' ? `${name}` : `${path}.${name}`)

/** Whether a value is an object with named values, from any realm; false for a Map, a Date or a promise. */
export const isNamesAndValues = (value: unknown): value is object =>
  Object.prototype.toString.call(value) === '[object Object]'

/** Whether a value is a plain object with named values, not an instance of a class. */
export function isDocument(value: unknown): value is object {
  if (!isNamesAndValues(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.hasOwn(prototype as object, 'isPrototypeOf')
}

/**
 * The names and values of a document.
 *
 * @param option name of the option, for faults
 * @param path of the document within the option
 * @throws Refusal `invalidArgument.query` for a value that is not a plain object, for symbols or non-enumerable names,
 *   and for an undefined value, since an unset variable must not drop a condition
 */
export function entriesOf(document: unknown, option: string, path = ''): [string, unknown][] {
  if (!isDocument(document)) throw refused(path || option, 'This must be a plain object.')
  const entries = Object.entries(document) as [string, unknown][]
  if (Reflect.ownKeys(document).length > entries.length) {
    throw refused(path || option, 'Names must be enumerable strings, not symbols.')
  }
  const unset = entries.find(([, value]) => value === undefined)
  if (unset) throw refused(within(path, unset[0]), 'The value is undefined; use null for an absent value.')
  return entries
}

/**
 * Refuses a value that has more than 16 KiB as JSON, or cannot be converted to JSON.
 *
 * @param option name of the option, for faults
 * @throws Refusal `invalidArgument.query`
 */
export function checkSize(input: unknown, option: string): void {
  let text: string | undefined
  try {
    text = JSON.stringify(input)
  } catch {
    throw refused(option, 'This cannot be converted to JSON.')
  }
  if (Buffer.byteLength(text ?? '') > maxDocumentBytes) throw refused(option, 'This is longer than 16 KiB as JSON.')
}

const maxNameLength = 100
const maxDepth = 10

/**
 * Splits a name with dots, such as `target.email`, into steps.
 *
 * @param at path for faults
 * @throws Refusal `invalidArgument.query` for a name with too many characters or steps, and for a step that is empty or
 *   begins with `$`
 */
export function stepsOf(name: string, at: string): string[] {
  const steps = name.split('.')
  const isName = isStorable(name) && name.length <= maxNameLength && steps.length <= maxDepth
  if (isName && steps.every((step) => step !== '' && !step.startsWith('$'))) return steps
  throw refused(at, `Names are 1 to ${maxNameLength} characters long and do not begin with $.`)
}

/** The name in a reference `$name`; undefined for any other value. */
export const referred = (value: unknown): string | undefined =>
  typeof value === 'string' && value.startsWith('$') ? value.slice(1) : undefined
