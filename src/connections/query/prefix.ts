import { foldedEmail } from '../../accounts/merge.js'
import { refused } from './document.js'
import { textOf } from './values.js'

// Signs stand for themselves unless they mean something; those that do, and any other sign but letters and digits, do
// behind a backslash.
const plain = /^\^((?:[^\\^$.*+?()[\]{}|]|\\[^a-zA-Z0-9])*)$/su

/**
 * The text with which an address begins, out of a pattern that says just this: `^ann\.lee`. Nobody's pattern runs
 * against the database (connections-module reference, section 13).
 *
 * @returns folded, as addresses are
 * @throws Fault `invalidArgument.query` for every other pattern
 */
export function prefixOf(pattern: unknown, path: string): string {
  const literal = plain.exec(textOf(pattern, path))?.[1]
  if (literal === undefined) throw refused(path, 'Only a plain beginning is offered: ^ and then text.')
  return foldedEmail(literal.replaceAll(/\\(.)/gsu, '$1'))
}
