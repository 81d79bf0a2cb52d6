import { isUuid, type Person } from '../accounts/account.js'
import type { Names } from '../connections/find.js'
import { Failure } from '../errors.js'
import { naming, openParameters, readParameters, type Value } from './parameters.js'
import { readEnds, readPerson } from './people.js'
import { oneOf, yesOrNo } from './values.js'

/** Which connection is meant: by the id of either view, or by its two people. */
export type WhichConnection = { readonly id: string } | { readonly source: Names; readonly target: Names }

/** What GET and HEAD of `connection.do` ask for. */
export interface ConnectionQuery {
  readonly which: WhichConnection
  readonly includeMessage: boolean
}

/**
 * Reads the parameters of GET `connection.do` (wire reference, section 6.1). An id goes before two people.
 *
 * @throws Failure `invalid`, naming the parameter
 */
export function readConnectionQuery(search: string): ConnectionQuery {
  const value = valuesIn(search)
  const which = readWhich(value)
  if (!which) throw new Failure('invalid', 'Name the connection by connectionId, or by its source and its target.')
  return { which, includeMessage: yesOrNo('inclMessage', value('inclMessage')) }
}

/** Reads which connection is meant; undefined where nothing says so. */
export function readWhich(value: Value): WhichConnection | undefined {
  const id = value('connectionId')
  if (id === undefined) return readEnds(value)
  if (isUuid(id)) return { id: id.toLowerCase() }
  throw new Failure('invalid', `${naming('connectionId')} must be a UUID, such as the end of an entry's id.`)
}

/** Reads the id that PUT and DELETE of `connection.do` need. @throws Failure `invalid`, naming the parameter */
export function readConnectionId(search: string): string {
  const which = readWhich(valuesIn(search))
  if (which && 'id' in which) return which.id
  throw new Failure('invalid', `${naming('connectionId')} is missing: it says which connection is meant.`)
}

/** Reads whom a POST invites. @throws Failure `invalid`, naming the parameters */
export function readInvited(search: string): Person {
  const person = readPerson(valuesIn(search))
  if (person) return person
  throw new Failure('invalid', 'Name whom you invite by userid, key or email.')
}

function valuesIn(search: string): Value {
  const { value } = openParameters(search)
  oneOf('connectionType', value('connectionType'), ['colleague'])
  return value
}

/** Whether two people are named: then HEAD of the plural address, too, asks about their connection. */
export const namesTwo = (search: string): boolean =>
  readParameters(search).some(([name]) => /^(source|target)(Userid|Key|Email)$/.test(name))
