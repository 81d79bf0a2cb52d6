import type { Names } from '../../connections/find.js'
import { Failure } from '../../errors.js'
import { isUuid, type PersonRef } from '../../people/account.js'
import { naming, oneOf, openParameters, type Query, readParameters, yesOrNo } from './parameters.js'
import { readEnds, readPerson, readPersonName } from './people.js'

/** A reference to a connection: the id of one of its two views, or its two people. */
type ConnectionRef = { readonly id: string } | { readonly source: Names; readonly target: Names }

/** The parameters of GET and HEAD of `connection.do`. */
interface ConnectionQuery {
  readonly connection: ConnectionRef
  readonly includeMessage: boolean
}

/**
 * Reads the parameters of GET `connection.do` (docs/wire.md, Check two people). The id takes precedence over the two
 * people.
 *
 * @throws Failure `invalid`, naming the parameter
 */
export function readConnectionQuery(search: string): ConnectionQuery {
  const query = openQuery(search)
  const connection = readConnectionRef(query)
  if (!connection)
    throw new Failure('invalid', 'Pass connectionId, or the two people as sourceUserid and targetUserid.')
  return { connection, includeMessage: yesOrNo('inclMessage', query.value('inclMessage')) }
}

/** Reads the reference to a connection. Undefined if the request has none. */
function readConnectionRef(query: Query): ConnectionRef | undefined {
  const id = query.value('connectionId')
  if (id === undefined) return readEnds(query)
  if (isUuid(id)) return { id: id.toLowerCase() }
  throw new Failure('invalid', `${naming('connectionId')} must be a UUID, such as the one at the end of an entry's id.`)
}

/** Reads the id that PUT and DELETE of `connection.do` need. @throws Failure `invalid`, naming the parameter */
export function readConnectionId(search: string): string {
  const connection = readConnectionRef(openQuery(search))
  if (connection && 'id' in connection) return connection.id
  throw new Failure('invalid', `${naming('connectionId')} is missing; pass the id of the connection.`)
}

/** Reads the person that a POST invites. @throws Failure `invalid`, naming the parameters */
export function readInvited(search: string): PersonRef {
  const person = readPerson(openQuery(search))
  if (person) return person
  throw new Failure('invalid', 'Identify the person to invite: pass userid, key, email, uid or distinguishedName.')
}

function openQuery(search: string): Query {
  const query = openParameters(search)
  oneOf('connectionType', query.value('connectionType'), ['colleague'])
  return query
}

/** Whether any parameter names an end of a connection, such as `sourceUserid`. */
export const namesTwo = (search: string): boolean =>
  readParameters(search).some(([name]) => readPersonName(name)?.end !== undefined)

/**
 * Reads the two people that PUT at the administrator's address connects (docs/wire.md, Other resources).
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
    'Pass both people as sourceUserid and targetUserid. Key, Email, Uid or DistinguishedName may replace Userid.',
  )
}

/**
 * Reads the target of DELETE at the administrator's address: one connection, or all connections of a person. With
 * `connectionId`, all other parameters are ignored.
 *
 * @throws Failure `invalid`, naming the parameters
 */
export function readRemoval(search: string): ConnectionRef | { readonly person: PersonRef } {
  const query = openParameters(search)
  const connection = readConnectionRef(query)
  if (connection) return connection
  const person = readPerson(query)
  if (person) return { person }
  throw new Failure('invalid', 'Pass connectionId, or sourceUserid and targetUserid, or userid for all of a person.')
}
