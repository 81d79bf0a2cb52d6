import { Refusal } from '../../faults.js'
import {
  type Comparison,
  everything,
  oneOrAll,
  prefixOf,
  type Singular,
  type Value,
  valueOf,
  type Where,
} from './conditions.js'
import { checkSize, entriesOf, isDocument, refused, within } from './document.js'
import { properties, type Property } from './properties.js'

/** The place of a condition in a query. */
interface Place {
  readonly path: string
  /** How many more levels of operators may be nested. */
  readonly room: number
  readonly singular: Singular
}

type Reader = (property: Property, operand: unknown, place: Place) => Where

const maxValues = 1000

/**
 * Reads the conditions on one property: a value that it must equal, or a document of operators that must all hold.
 *
 * @throws Refusal as `parseWhere`
 */
function conditionsOn(property: Property, input: unknown, place: Place): Where {
  if (!isDocument(input)) return equal(property, input, place)
  const operators = entriesOf(input, 'where', place.path)
  if (operators.length === 0) throw refused(place.path, 'An operator is missing.')
  return oneOrAll(
    operators.map(([name, operand]) => {
      const path = within(place.path, name)
      const read = operatorsOf(property).get(name)
      if (!read) throw unknownOperator(name, path)
      return read(property, operand, { ...place, path })
    }),
  )
}

const single = (property: Property, value: unknown, { path, singular }: Place): Value =>
  valueOf(property.type, value, path, singular)

const several = (
  property: Property,
  input: unknown,
  place: Place,
  isValue: (value: unknown) => boolean = () => true,
): Value[] => {
  if (!Array.isArray(input) || input.length > maxValues) {
    throw refused(place.path, `This must be an array of at most ${maxValues} values.`)
  }
  return Array.from(input as unknown[], (value, index) => ({ value, path: within(place.path, index) }))
    .filter(({ value }) => isValue(value))
    .map(({ value, path }) => single(property, value, { ...place, path }))
}

const not = (read: Reader): Reader => {
  return (property, operand, place) => ({ is: 'not', of: read(property, operand, place) })
}

const equal: Reader = (property, operand, place) => {
  if (property.type === 'roles') {
    return { is: 'having', property, which: 'all', values: [single(property, operand, place)] }
  }
  if (operand === null) return { is: 'absent', property }
  return { is: 'equal', property, value: single(property, operand, place) }
}

const compared = (is: Comparison): Reader => {
  return (property, operand, place) => ({ is, property, value: single(property, operand, place) })
}

const oneOf: Reader = (property, operand, place) => {
  const values = several(property, operand, place, (value) => value !== null)
  const listed: Where = { is: 'oneOf', property, values }
  return (operand as unknown[]).includes(null) ? { is: 'or', of: [listed, { is: 'absent', property }] } : listed
}

const exists: Reader = (property, operand, { path }) => {
  if (typeof operand !== 'boolean') throw refused(path, 'This must be true or false.')
  const absent: Where = { is: 'absent', property }
  return operand ? { is: 'not', of: absent } : absent
}

const negated: Reader = (property, operand, place) => {
  if (place.room < 1) throw refused(place.path, 'Operators are nested too deeply.')
  if (!isDocument(operand)) throw refused(place.path, 'This must be an object of operators.')
  return { is: 'not', of: conditionsOn(property, operand, { ...place, room: place.room - 1 }) }
}

const prefixed: Reader = (property, operand, { path }) => ({
  is: 'prefixed',
  property,
  prefix: prefixOf(operand, path),
})

const having = (which: 'all' | 'any'): Reader => {
  return (property, operand, place) => ({ is: 'having', property, which, values: several(property, operand, place) })
}

const sized: Reader = (property, operand, { path }) => {
  if (Number.isSafeInteger(operand) && (operand as number) >= 0)
    return { is: 'sized', property, size: operand as number }
  throw refused(path, 'This must be a whole number, 0 or more.')
}

const always: [string, Reader][] = [
  ['$eq', equal],
  ['$ne', not(equal)],
  ['$not', negated],
]
const ofScalars: [string, Reader][] = [...always, ['$in', oneOf], ['$nin', not(oneOf)], ['$exists', exists]]
const ofOrdered: [string, Reader][] = [
  ...ofScalars,
  ['$gt', compared('greater')],
  ['$gte', compared('greaterOrEqual')],
  ['$lt', compared('less')],
  ['$lte', compared('lessOrEqual')],
]
const ofRoles: [string, Reader][] = [
  ...always,
  ['$in', having('any')],
  ['$nin', not(having('any'))],
  ['$all', having('all')],
  ['$size', sized],
]

const readers = {
  scalar: new Map(ofScalars),
  ordered: new Map(ofOrdered),
  email: new Map([...ofOrdered, ['$regex', prefixed] as const]),
  roles: new Map(ofRoles),
}

function operatorsOf({ type, column }: Property): ReadonlyMap<string, Reader> {
  if (type === 'roles' || type === 'email') return readers[type]
  return type === 'contextId' || (type === 'id' && column !== 'id') ? readers.scalar : readers.ordered
}

/** Known operators that are refused (docs/module.md, Queries). */
const unoffered: ReadonlySet<string> = new Set([
  '$elemMatch',
  '$near',
  '$nearSphere',
  '$geoWithin',
  '$geoIntersects',
  '$where',
  '$expr',
])

/** The refusal of an operator that is unknown, or not allowed at its place. */
function unknownOperator(name: string, path: string): Refusal {
  if (!unoffered.has(name)) return refused(path, 'There is no such operator here.')
  return new Refusal('unsupportedOperation.unspecified', { path, reason: 'This operator is not supported.' })
}

const maxDepth = 5
const maxMembers = 50
const maxNodes = 1000

/**
 * Reads the option `where` (docs/module.md, Queries).
 *
 * @param input undefined, null and an empty object select everything
 * @param singular returns the singular name of a type, since conditions may use the plural
 * @throws Refusal `invalidArgument.query` with the path of the error (`$or.1.access.$gt`, or `where` for the option as
 *   a whole), `unsupportedOperation.unspecified` for a known operator that is not supported
 */
export function parseWhere(input: unknown, singular: Singular): Where {
  if (input === undefined || input === null) return everything
  checkSize(input, 'where')
  let nodes = 0

  const all = (document: unknown, path: string, depth: number): Where => {
    const parts = entriesOf(document, 'where', path).map(([name, value]) => {
      const here = within(path, name)
      if (++nodes > maxNodes) throw refused('where', `There are more than ${maxNodes} conditions.`)
      if (name.startsWith('$')) return logical(name, value, here, depth + 1)
      const property = properties.get(name)
      if (!property) throw refused(here, 'Queries cannot use this property.')
      return conditionsOn(property, value, { path: here, room: maxDepth - depth, singular })
    })
    return oneOrAll(parts)
  }

  const logical = (operator: string, value: unknown, path: string, depth: number): Where => {
    if (!['$and', '$or', '$nor', '$not'].includes(operator)) throw unknownOperator(operator, path)
    if (depth > maxDepth) throw refused(path, `Operators are nested deeper than ${maxDepth} levels.`)
    if (operator === '$not') return { is: 'not', of: all(value, path, depth) }
    if (!Array.isArray(value) || value.length < 1 || value.length > maxMembers) {
      throw refused(path, `This must be an array of 1 to ${maxMembers} conditions.`)
    }
    const of = Array.from(value, (member, index) => all(member, within(path, index), depth))
    if (operator === '$nor') return { is: 'not', of: { is: 'or', of } }
    return { is: operator === '$and' ? 'and' : 'or', of }
  }

  return all(input, '', 0)
}
