import { checkSize, entriesOf, refused, within } from './document.js'
import { conditionsOn, unknownOperator } from './operators.js'
import { properties } from './properties.js'
import { everything, oneOrAll, type Where } from './tree.js'
import type { Singular } from './values.js'

const deepest = 5
const mostMembers = 50
const mostNodes = 1000

/**
 * Reads the option `where` (connections-module reference, section 13).
 *
 * @param input undefined, null and an empty object stand for everything
 * @param singular the singular of a type's name, since conditions may use the plural
 * @throws Fault `invalidArgument.query` with the path of what is wrong (`$or.1.access.$gt`; `where` for the whole),
 * `unsupportedOperation.unspecified` for an operator of the reference that is not offered
 */
export function parseWhere(input: unknown, singular: Singular): Where {
  if (input === undefined || input === null) return everything
  checkSize(input, 'where')
  let nodes = 0

  const all = (document: unknown, path: string, depth: number): Where => {
    const parts = entriesOf(document, 'where', path).map(([name, value]) => {
      const here = within(path, name)
      if (++nodes > mostNodes) throw refused('where', `There are more than ${mostNodes} conditions.`)
      if (name.startsWith('$')) return logical(name, value, here, depth + 1)
      const property = properties.get(name)
      if (!property) throw refused(here, 'There is no property of this name to be queried.')
      return conditionsOn(property, value, { path: here, room: deepest - depth, singular })
    })
    return oneOrAll(parts)
  }

  const logical = (operator: string, value: unknown, path: string, depth: number): Where => {
    if (!['$and', '$or', '$nor', '$not'].includes(operator)) throw unknownOperator(operator, path)
    if (depth > deepest) throw refused(path, `Operators are nested deeper than ${deepest} times.`)
    if (operator === '$not') return { is: 'not', of: all(value, path, depth) }
    if (!Array.isArray(value) || value.length < 1 || value.length > mostMembers) {
      throw refused(path, `This has to be an array of 1 to ${mostMembers} conditions.`)
    }
    const of = Array.from(value, (member, index) => all(member, within(path, index), depth))
    if (operator === '$nor') return { is: 'not', of: { is: 'or', of } }
    return { is: operator === '$and' ? 'and' : 'or', of }
  }

  return all(input, '', 0)
}
