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
  const query = openParameters(search)
  oneOf('action', query.value('action'), ['complete'])
  const ends = readEnds(query)
  if (ends) return ends
  throw new Failure(
    'invalid',
    'Name the two people by sourceUserid and targetUserid, or by Key, Email, Uid or DistinguishedName.',
  )
}

/**
 * Reads what DELETE at the administrator's address is about: one connection, or all of a person. Beside an id nothing
 * counts.
 *
 * @throws Failure `invalid`, naming the parameters
 */
export function readRemoval(search: string): WhichConnection | { readonly person: Person } {
  const query = openParameters(search)
  const which = readWhich(query)
  if (which) return which
  const person = readPerson(query)
  if (person) return { person }
  throw new Failure('invalid', 'Name a connection by connectionId or its source and target, or a person by userid.')
}
