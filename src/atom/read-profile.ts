import { Failure } from '../errors.js'
import { type Extension, otherFields } from '../people/fields.js'
import type { Observation } from '../people/merge.js'
import { childOf, descendantsOf, idOf, termsOf, textOf, updatedOf } from './read-entry.js'
import { noAddress, readCard, readVcard, type ShownCard } from './read-vcard.js'
import { ATOM, SNX, XHTML } from './vocabulary.js'
import type { XmlElement } from './xml.js'

/**
 * Reads a profile entry with an hCard or a vCard, lite or full (docs/wire.md, A profile entry). Values of the
 * contributor take precedence over those of the card.
 *
 * @throws Failure `invalid` for an entry without a key or date, and for content that is neither an hCard nor a vCard
 */
export function readProfile(entry: XmlElement): Omit<Observation, 'seen'> {
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
  if (!content) throw new Failure('invalid', 'The entry has no content; it needs an hCard or a vCard.')
  switch (content.attributes.get('type')) {
    case 'xhtml':
      return readHcard(content)
    case 'text':
      return readVcard(content.text)
    default:
      throw new Failure('invalid', "The entry's content is neither an hCard (type xhtml) nor a vCard (type text).")
  }
}

/** The values of an Atom person construct. */
export type ShownPerson = Pick<Observation, 'name' | 'userId' | 'email' | 'state' | 'external'>

/**
 * Reads an author or contributor (docs/wire.md, A connection entry). An empty name or user id counts as absent.
 *
 * @throws Failure `invalid` for an unknown value of `snx:userState` or `snx:isExternal`
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

/** Whether the values identify a person. */
export const isNamed = (person: ShownPerson): boolean => Boolean(person.userId ?? person.email)

function word<Value>(element: XmlElement, name: string, meanings: Readonly<Record<string, Value>>): Value | undefined {
  const text = textOf(element, SNX, name)
  if (!text) return undefined
  if (!Object.hasOwn(meanings, text)) {
    throw new Failure('invalid', `The entry's snx:${name} is not one of ${Object.keys(meanings).join(', ')}.`)
  }
  return meanings[text]
}

/**
 * Reads an hCard, lite or full (docs/wire.md, hCard). Matches elements by their entire `class` attribute. A missing
 * address block means an empty address.
 */
function readHcard(content: XmlElement): ShownCard {
  const card = inside(content).find(hasClass('vcard'))
  if (card === undefined) throw new Failure('invalid', "The entry's content has no hCard.")
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

/** All telephone numbers have the same class; the title of the preceding `abbr` distinguishes them. */
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
