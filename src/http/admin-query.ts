import type { Person } from '../accounts/account.js'
import type { Names } from '../connections/find.js'
import { Failure } from '../errors.js'
import { readWhich, type WhichConnection } from './connection-query.js'
import { openParameters } from './parameters.js'
import { readEnds, readPerson } from './people.js'
import { oneOf } from './values.js'

/**
 * Reads what PUT at the administrator's address is about: it completes a connection of two people (wire reference,
 * section 8).
 *
 * @throws Failure `invalid`, naming the parameters
 */
export function readCompletion(search: string): { source: Names; target: Names } {
  const { value } = openParameters(search)
  oneOf('action', value('action'), ['complete'])
  const ends = readEnds(value)
  if (ends) return ends
  throw new Failure('invalid', 'Name the two people by sourceUserid and targetUserid, or their Key or Email.')
}

/**
 * Reads what DELETE at the administrator's address is about: one connection, or all of a person. Beside an id nothing
 * counts.
 *
 * @throws Failure `invalid`, naming the parameters
 */
export function readRemoval(search: string): WhichConnection | { readonly person: Person } {
  const { value } = openParameters(search)
  const which = readWhich(value)
  if (which) return which
  const person = readPerson(value)
  if (person) return { person }
  throw new Failure('invalid', 'Name a connection by connectionId or its source and target, or a person by userid.')
}
