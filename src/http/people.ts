import type { Person } from '../accounts/account.js'
import type { Named } from '../accounts/several-store.js'
import { Failure } from '../errors.js'

/** Gives the one value of a parameter, as `valueOf` does. */
export type Value = (name: string) => string | undefined

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

const emptyNames = 'The parameter userid, key or email is empty.'
