import { isUuid } from '../accounts/account.js'
import { isToken } from '../connections/grants/token.js'
import { place } from '../connections/query/place.js'
import { Fault } from '../faults.js'

/** Which connection is meant: by form alone it is told whether by id or by token (trust, Z7). */
export type Which = { readonly id: string } | { readonly token: string }

/**
 * Reads `<id or token>`, and what may follow it: `/context/name/first` or `.context.name.first`. Names are percent-encoded,
 * since an id among them may hold a slash or a dot.
 *
 * @throws Fault `invalidArgument.unspecified` for what has neither form, and for a percent sign that encodes no text
 */
export function readWhich(given: unknown): { which: Which; path: readonly string[] } {
  const [name = '', ...path] = typeof given === 'string' ? given.split(/[/.]/).map(decoded) : []
  if (isUuid(name)) return { which: { id: name.toLowerCase() }, path }
  if (isToken(name)) return { which: { token: name }, path }
  throw new Fault('invalidArgument.unspecified', {
    path: 'tokenOrId',
    reason: 'An id is a UUID, and a token has 32 letters and digits.',
  })
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    const reason = 'A percent sign encodes no UTF-8 text; a literal one is %25.'
    throw new Fault('invalidArgument.unspecified', { path: 'tokenOrId', reason })
  }
}

/** The value at a path; undefined where there is none. An element of a list goes by its `_id`, else by its index. */
export const valueAt = (value: unknown, path: readonly string[]): unknown => path.reduce(named, value)

function named(within: unknown, name: string): unknown {
  if (typeof within !== 'object' || within === null) return undefined
  if (Array.isArray(within)) {
    const element: unknown = within.find((each) => named(each, '_id') === name)
    if (element !== undefined) return element
  }
  return Object.hasOwn(within, name) ? (within as Record<string, unknown>)[name] : undefined
}

/** Only these paths of a document, and what names it. */
export function only(document: object, paths: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {}
  for (const path of ['_id', 'object', ...paths]) {
    const names = path.split('.')
    const value = valueAt(document, names)
    if (value !== undefined) place(picked, names, value)
  }
  return picked
}
