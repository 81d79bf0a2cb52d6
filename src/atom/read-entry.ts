import { isUuid } from '../accounts/account.js'
import { Failure } from '../errors.js'
import { childrenOf, textOf } from './find.js'
import { parseTimestamp } from './timestamp.js'
import { ATOM } from './vocabulary.js'
import type { XmlElement } from './xml.js'

/** The terms of an entry's categories in this scheme, or of those without one: its tags. */
export function termsOf(entry: XmlElement, scheme: string | undefined): string[] {
  return childrenOf(entry, ATOM, 'category')
    .filter((category) => category.attributes.get('scheme') === scheme)
    .flatMap((category) => category.attributes.get('term') ?? [])
}

/** The UUID at the end of an entry's id: of the connection, or the key of the profile. Refuses an entry without one. */
export function idOf(entry: XmlElement): string {
  const id = (textOf(entry, ATOM, 'id') ?? '').slice(-36)
  if (!isUuid(id)) throw new Failure('invalid', 'Its id does not end in a UUID.')
  return id.toLowerCase()
}

/** When an entry or a feed last changed. Refuses one that does not say so in the form of RFC 3339. */
export function updatedOf(element: XmlElement): Date {
  const updated = parseTimestamp(textOf(element, ATOM, 'updated') ?? '')
  if (updated === undefined) throw new Failure('invalid', 'Its "updated" is missing or no date and time of RFC 3339.')
  return updated
}
