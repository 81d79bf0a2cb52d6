import { isUuid } from '../accounts/account.js'
import { isToken } from '../connections/grants/token.js'
import { place } from '../connections/query/place.js'
import { Fault } from '../faults.js'

/** Which connection is meant: by form alone it is told whether by id or by token (trust, Z7). */
export type Which = { readonly id: string } | { readonly token: string }

/**
 * Reads `<id or token>`, and what may follow it: `/context/name/first` or `.context.name.first`.
 *
 * @throws Fault `invalidArgument.unspecified` for what has neither form
 */
export function readWhich(given: unknown): { which: Which; path: readonly string[] } {
  const [name = '', ...path] = typeof given === 'string' ? given.split(/[/.]/) : []
  if (isUuid(name)) return { which: { id: name.toLowerCase() }, path }
  if (isToken(name)) return { which: { token: name }, path }
  throw new Fault('invalidArgument.unspecified', {
    path: 'tokenOrId',
    reason: 'An id is a UUID, and a token has 32 letters and digits.',
  })
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Record<string, unknown>)[name]
  }
  return at
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
