import type { Sighting } from '../accounts/sighting.js'
import { Failure } from '../errors.js'
import { textOf } from './find.js'
import { ATOM, SNX } from './vocabulary.js'
import type { XmlElement } from './xml.js'

/** What an Atom person construct shows. */
export type ShownPerson = Pick<Sighting, 'name' | 'userId' | 'email' | 'state' | 'external'>

/**
 * Reads an author or contributor (wire reference, section 4.3). A name or user id that is empty counts as not shown.
 * Refuses a state or `snx:isExternal` in words that the wire does not know.
 */
export function readPerson(element: XmlElement): ShownPerson {
  const name = textOf(element, ATOM, 'name')
  const userId = textOf(element, SNX, 'userid')
  const email = textOf(element, ATOM, 'email')
  const state = word(element, 'userState', { active: 'active', inactive: 'inactive' } as const)
  const external = word(element, 'isExternal', { true: true, false: false } as const)
  return {
    ...(name && { name }),
    ...(userId && { userId }),
    ...(email !== undefined && { email }),
    ...(state !== undefined && { state }),
    ...(external !== undefined && { external }),
  }
}

/** Whether it is known of whom this speaks. */
export const isNamed = (person: ShownPerson): boolean => Boolean(person.userId ?? person.email)

function word<Value>(element: XmlElement, name: string, meanings: Readonly<Record<string, Value>>): Value | undefined {
  const text = textOf(element, SNX, name)
  if (!text) return undefined
  if (!Object.hasOwn(meanings, text)) {
    throw new Failure('invalid', `Its snx:${name} is none of ${Object.keys(meanings).join(', ')}.`)
  }
  return meanings[text]
}
