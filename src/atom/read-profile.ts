import type { Sighting } from '../accounts/sighting.js'
import { Failure } from '../errors.js'
import { childOf, textOf } from './find.js'
import type { ShownCard } from './read-card.js'
import { idOf, termsOf, updatedOf } from './read-entry.js'
import { readHcard } from './read-hcard.js'
import { readPerson } from './read-person.js'
import { readVcard } from './read-vcard.js'
import { ATOM } from './vocabulary.js'
import type { XmlElement } from './xml.js'

/**
 * Reads a profile entry with an hCard or a vCard, lite or full (wire reference, section 4.7). What the contributor
 * shows goes before what the card shows. Refuses one without key or date, and a card in no form of the wire.
 */
export function readProfile(entry: XmlElement): Omit<Sighting, 'seen'> {
  const contributor = childOf(entry, ATOM, 'contributor')
  const title = textOf(entry, ATOM, 'title')
  const { profile, ...card } = readContent(entry)
  const tags = termsOf(entry, undefined)
  return {
    ...card,
    ...(contributor && readPerson(contributor)),
    key: idOf(entry),
    ...(title && { name: title }),
    profile: tags.length > 0 ? { ...profile, tags } : profile,
    updated: updatedOf(entry),
  }
}

function readContent(entry: XmlElement): ShownCard {
  const content = childOf(entry, ATOM, 'content')
  if (!content) throw new Failure('invalid', 'It has no content, where an hCard or a vCard would be.')
  switch (content.attributes.get('type')) {
    case 'xhtml':
      return readHcard(content)
    case 'text':
      return readVcard(content.text)
    default:
      throw new Failure('invalid', 'Its content is neither an hCard (type xhtml) nor a vCard (type text).')
  }
}
