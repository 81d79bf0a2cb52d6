import type { Person } from '../accounts/account.js'
import { Failure } from '../errors.js'

/** Gives the one value of a parameter, as `valueOf` does. */
export type Value = (name: string) => string | undefined

/** The person named; `userid` goes before `key`, and that before `email`. Blanks around a value do not count. */
export function readPerson(value: Value): Person | undefined {
  const named = [
    { by: 'userId', value: value('userid')?.trim() },
    { by: 'key', value: value('key')?.trim() },
    { by: 'email', value: value('email')?.trim() },
  ].filter((person): person is Person => person.value !== undefined)
  const person = named.find((each) => each.value !== '')
  if (named.length > 0 && !person) throw new Failure('invalid', 'The parameter userid, key or email is empty.')
  return person
}

/**
 * Two people, named alike in one parameter and parted by a comma; and the parameter as it came.
 *
 * @throws Failure `invalid` for any other number
 */
export function readTwo(value: Value): { people: readonly [Person, Person]; named: string } {
  const parameter = readPerson(value)
  const names = parameter?.value.split(',').map((name) => name.trim())
  if (!parameter || names?.length !== 2 || names.includes('')) {
    throw new Failure('invalid', 'Name two people in one parameter, parted by a comma: userid, key or email.')
  }
  const [one, other] = names.map((name) => ({ ...parameter, value: name })) as [Person, Person]
  return { people: [one, other], named: value(parameterOf[parameter.by]) as string }
}

const parameterOf = { userId: 'userid', key: 'key', email: 'email' } as const

/**
 * The two ends of a connection (wire reference, section 3): each by user id, key or e-mail address, in this order. A key
 * that nobody has may be a user id, since a client sends those under that name.
 *
 * @returns undefined where neither is given
 * @throws Failure `invalid` where only one is given, or a value is empty
 */
export function readEnds(value: Value): { source: readonly Person[]; target: readonly Person[] } | undefined {
  const [source, target] = [readEnd(value, 'source'), readEnd(value, 'target')]
  if (!source && !target) return undefined
  if (source && target) return { source, target }
  const missing = source ? 'target' : 'source'
  throw new Failure('invalid', `The ${missing} is missing: give ${missing}Userid, ${missing}Key or ${missing}Email.`)
}

function readEnd(value: Value, end: 'source' | 'target'): readonly Person[] | undefined {
  const names = { userid: `${end}Userid`, key: `${end}Key`, email: `${end}Email` }
  const person = readPerson((name) => value(names[name as keyof typeof names]))
  if (person?.by !== 'key') return person && [person]
  return [person, { by: 'userId', value: person.value }]
}
