import type { Person } from '../accounts/account.js'
import type { Named } from '../accounts/several-store.js'
import { Failure } from '../errors.js'
import type { Value } from './parameters.js'

/** The parameters that name people, in the order in which they count, and what they name them by. */
const naming = [
  { parameter: 'userid', by: 'userId' },
  { parameter: 'key', by: 'key' },
  { parameter: 'email', by: 'email' },
] as const

/** The person named; `userid` goes before `key`, and that before `email`. Blanks around a value do not count. */
export function readPerson(value: Value): Person | undefined {
  const named = naming
    .map(({ parameter, by }) => ({ by, value: value(parameter)?.trim() }))
    .filter((person): person is Person => person.value !== undefined)
  const person = named.find((each) => each.value !== '')
  if (named.length > 0 && !person) throw new Failure('invalid', emptyNames)
  return person
}

/** People who are named by one parameter, and how that stood in the request. */
export interface NamedPeople extends Named {
  readonly parameter: string
  readonly raw: string
}

/** As `readPerson`, for one person or several, with commas between. */
export function readPeople(value: Value): NamedPeople | undefined {
  const named = naming.flatMap(({ parameter, by }) => {
    const raw = value(parameter)
    if (raw === undefined) return []
    const values = raw.split(',').map((each) => each.trim())
    return { parameter, by, raw, values: [...new Set(values.filter((each) => each !== ''))] }
  })
  const people = named.find(({ values }) => values.length > 0)
  if (named.length > 0 && !people) throw new Failure('invalid', emptyNames)
  return people
}

/**
 * Two people, named by one parameter with a comma between.
 *
 * @throws Failure `invalid` for any other number
 */
export function readTwo(value: Value): { people: readonly [Person, Person]; raw: string } {
  const named = readPeople(value)
  if (named?.values.length !== 2) {
    throw new Failure('invalid', 'Name two people in one parameter, userid, key or email, with a comma between.')
  }
  const [one, other] = named.values.map((each): Person => ({ by: named.by, value: each })) as [Person, Person]
  return { people: [one, other], raw: named.raw }
}

const emptyNames = 'The parameter userid, key or email is empty.'

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
