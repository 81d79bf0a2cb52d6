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
