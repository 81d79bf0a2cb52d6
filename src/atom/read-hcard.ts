import { type Extension, otherFields } from '../accounts/fields.js'
import { Failure } from '../errors.js'
import { descendantsOf } from './find.js'
import { noAddress, readCard, type ShownCard } from './read-card.js'
import { XHTML } from './vocabulary.js'
import type { XmlElement } from './xml.js'

/**
 * Reads the hCard in an entry's `content type="xhtml"`, lite or full (wire reference, section 4.7). Elements are known
 * by their whole class attribute. Without an address block, the address is shown as empty. Refuses content without a card.
 */
export function readHcard(content: XmlElement): ShownCard {
  const card = inside(content).find(hasClass('vcard'))
  if (card === undefined) throw new Failure('invalid', 'Its content holds no hCard.')
  const elements = inside(card)
  const values = new Map([...classTexts(elements), ...telephones(elements)])
  const read = readCard('hcard', values)
  const isFull = values.has('family-name')
  return {
    ...read,
    profile: {
      ...(!values.has('adr work postal') && noAddress),
      ...read.profile,
      ...(isFull && { extensions: elements.filter(hasClass(otherFields.extensions.hcard ?? '')).map(extension) }),
    },
  }
}

const inside = (element: XmlElement) => descendantsOf(element).filter(({ namespace }) => namespace === XHTML)

const hasClass = (name: string) => (element: XmlElement) => element.attributes.get('class') === name

const textWith = (elements: readonly XmlElement[], name: string) => elements.find(hasClass(name))?.text.trim()

const classTexts = (elements: readonly XmlElement[]) =>
  elements.map((element): [string, string] => [element.attributes.get('class') ?? '', element.text.trim()])

/** All telephone numbers have the same class; what tells them apart is the title of the `abbr` before. */
function telephones(elements: readonly XmlElement[]): [string, string][] {
  return elements
    .filter(hasClass('tel'))
    .map(inside)
    .map((parts) => [parts.find(hasClass('type'))?.attributes.get('title') ?? '', textWith(parts, 'value') ?? ''])
}

function extension(element: XmlElement): Extension {
  const parts = inside(element)
  return {
    id: textWith(parts, 'x-extension-property-id') ?? '',
    key: textWith(parts, 'x-extension-key') ?? '',
    value: textWith(parts, 'x-extension-value') ?? '',
    dataType: textWith(parts, 'x-extension-data-type') ?? '',
  }
}
