import type { Names } from '../../connections/find.js'
import { Failure } from '../../errors.js'
import { isUuid, type PersonRef } from '../../people/account.js'
import { naming, oneOf, openParameters, type Query, readParameters, yesOrNo } from './parameters.js'
import { readEnds, readPerson, readPersonName } from './people.js'

/** Which connection is meant: by the id of either view, or by its two people. */
type ConnectionRef = { readonly id: string } | { readonly source: Names; readonly target: Names }

/** What GET and HEAD of `connection.do` ask for. */
interface ConnectionQuery {
  readonly which: ConnectionRef
  readonly includeMessage: boolean
}

/**
 * Reads the parameters of GET `connection.do` (docs/wire.md, Check two people). An id goes before two people.
 *
 * @throws Failure `invalid`, naming the parameter
 */
export function readConnectionQuery(search: string): ConnectionQuery {
  const query = openQuery(search)
  const which = readConnectionRef(query)
  if (!which) throw new Failure('invalid', 'Name the connection by connectionId, or by its source and its target.')
  return { which, includeMessage: yesOrNo('inclMessage', query.value('inclMessage')) }
}

/** Reads which connection is meant; undefined where nothing says so. */
function readConnectionRef(query: Query): ConnectionRef | undefined {
  const id = query.value('connectionId')
  if (id === undefined) return readEnds(query)
  if (isUuid(id)) return { id: id.toLowerCase() }
  throw new Failure('invalid', `${naming('connectionId')} must be a UUID, such as the end of an entry's id.`)
}

/** Reads the id that PUT and DELETE of `connection.do` need. @throws Failure `invalid`, naming the parameter */
export function readConnectionId(search: string): string {
  const which = readConnectionRef(openQuery(search))
  if (which && 'id' in which) return which.id
  throw new Failure('invalid', `${naming('connectionId')} is missing: it says which connection is meant.`)
}

/** Reads whom a POST invites. @throws Failure `invalid`, naming the parameters */
export function readInvited(search: string): PersonRef {
  const person = readPerson(openQuery(search))
  if (person) return person
  throw new Failure('invalid', 'Name whom you invite by userid, key, email, uid or distinguishedName.')
}

function openQuery(search: string): Query {
  const query = openParameters(search)
  oneOf('connectionType', query.value('connectionType'), ['colleague'])
  return query
}

/** Whether two people are named: then HEAD of the plural address, too, asks about their connection. */
export const namesTwo = (search: string): boolean =>
  readParameters(search).some(([name]) => readPersonName(name)?.end !== undefined)

/**
 * Reads what PUT at the administrator's address is about: it completes a connection of two people (docs/wire.md, Other
 * resources).
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
export function readRemoval(search: string): ConnectionRef | { readonly person: PersonRef } {
  const query = openParameters(search)
  const which = readConnectionRef(query)
  if (which) return which
  const person = readPerson(query)
  if (person) return { person }
  throw new Failure('invalid', 'Name a connection by connectionId or its source and target, or a person by userid.')
}
