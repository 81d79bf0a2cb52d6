import { Failure } from '../errors.js'
import {
  addressFields,
  type Extension,
  otherFields,
  type TextField,
  textFieldNames,
  textFields,
} from '../people/fields.js'
import type { ShownProfile, Observation } from '../people/merge.js'
import { partsOf, propertiesIn, type Property, unquoted } from './vcard-property.js'

const extensionProperty = otherFields.extensions.vcard ?? ''
const ignored = ['BEGIN', 'VERSION', 'PHOTO', 'FN', 'URL', 'SOUND', 'REV', 'END']
const identifiers = ['EMAIL;INTERNET', 'X_PROFILE_KEY', 'UID', 'X_PROFILE_UID', 'X_LCONN_USERID']

/**
 * The wire names of all supported properties. A wire name includes the type that distinguishes the property, such as
 * `TEL;FAX`.
 */
const supported = [
  ...new Set([...Object.values(textFields), ...Object.values(otherFields)].flatMap(({ vcard }) => vcard ?? [])),
  ...identifiers,
]
const baseOf = (name: string) => name.split(';')[0] ?? ''
const names = [...new Set([...supported.map(baseOf), ...ignored])]

/**
 * Reads a vCard 2.1, lite or full (docs/wire.md, vCard 2.1). Also accepts the encodings and types of other vCard
 * writers.
 *
 * @throws Failure `invalid` for an incomplete vCard, a repeated property, a value that cannot be decoded, and an
 *   address that does not have seven or eight parts
 */
export function readVcard(text: string): ShownCard {
  const properties = propertiesIn(linesOf(text), names).filter(({ name }) => !ignored.includes(name))
  const shown = shownIn(properties.filter(({ name }) => name !== extensionProperty))
  const name = shown.get('N')
  const address = shown.get('ADR;WORK')
  for (const composed of ['N', 'ADR;WORK']) shown.delete(composed)
  const values = new Map([...shown].map(([name, property]) => [name, property.decode(property.value).trim()]))
  const isFull = values.has('HONORIFIC_PREFIX')

  const card = readCard('vcard', values)
  return {
    ...card,
    profile: {
      ...(isFull && noAddress),
      ...card.profile,
      ...(name && nameParts(partsOf(name, ';'))),
      ...(address && addressParts(partsOf(address, ';'))),
      ...(isFull && { extensions: properties.flatMap(extension) }),
    },
  }
}

/** The lines of a vCard, without the indentation of the first line. */
function linesOf(text: string): string[] {
  const [, indent = '', card] = /^\s*?([ \t]*)(BEGIN:VCARD\n.*?)\n[ \t]*END:VCARD\s*$/s.exec(text) ?? []
  if (card === undefined) throw new Failure('invalid', "The entry's content is not a complete vCard.")
  return card.split('\n').map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
}

/** Selects one property for each wire name: the last one of type PREF, otherwise the first one. */
function shownIn(properties: readonly Property[]): Map<string, Property> {
  const shown = new Map<string, Property>()
  const written = new Set<string>()
  for (const property of properties) {
    const whole = [property.name, ...property.parameters].join(';').toUpperCase()
    if (written.has(whole)) throw new Failure('invalid', `The entry's vCard repeats ${whole}.`)
    written.add(whole)
    const types = typesOf(property)
    const name = wireName(property.name, types)
    if (name !== undefined && (!shown.has(name) || types.has('PREF'))) shown.set(name, property)
  }
  return shown
}

function typesOf({ parameters }: Property): ReadonlySet<string> {
  const types = parameters.flatMap((parameter) => {
    const [, listed = parameter] = /^TYPE\s*=(.*)$/i.exec(parameter) ?? []
    return unquoted(listed).toUpperCase().split(',')
  })
  return new Set(types)
}

/** Types with the lowest precedence. For example, a number of the types WORK and FAX is a fax number. */
const genericTypes = ['WORK', 'INTERNET']

function wireName(base: string, types: ReadonlySet<string>): string | undefined {
  const named = supported.filter((name) => baseOf(name) === base)
  const typeOf = (name: string) => name.split(';')[1] ?? ''
  const typed = named.filter((name) => /^\w+$/.test(typeOf(name)))
  if (typed.length === 0) return named[0]
  const fitting = typed.filter((name) => types.has(typeOf(name)))
  const special = fitting.find((name) => !genericTypes.includes(typeOf(name)))
  const isUntyped = [...types].every((type) => type === 'PREF')
  return special ?? fitting[0] ?? (base === 'EMAIL' && isUntyped ? 'EMAIL;INTERNET' : undefined)
}

function nameParts([familyName = '', givenName = '']: readonly string[]): ShownProfile {
  return { familyName, givenName }
}

/**
 * An address on the wire has eight parts. The original product's client wrote seven, with both street lines in one
 * part.
 */
function addressParts(parts: string[]): ShownProfile {
  if (parts.length === 7) parts.splice(3, 0, '')
  if (parts.length !== 8)
    throw new Failure('invalid', `The address of the entry's vCard has ${parts.length} parts instead of eight.`)
  const [, , street = '', street2 = '', city = '', region = '', postalCode = '', country = ''] = parts
  return { street, street2, city, region, postalCode, country }
}

const extensionLine = new RegExp(
  `^${extensionProperty};VALUE=X_EXTENSION_PROPERTY_ID:(.*?);VALUE=X_EXTENSION_KEY:(.*?)` +
    ';VALUE=X_EXTENSION_VALUE:(.*);VALUE=X_EXTENSION_DATA_TYPE:(.*)$',
  's',
)

function extension(property: Property): Extension[] {
  if (property.name !== extensionProperty) return []
  const line = `${[property.name, ...property.parameters].join(';')}:${property.value}`
  const parts = extensionLine.exec(line)?.slice(1)
  if (parts === undefined)
    throw new Failure('invalid', "An extension of the entry's vCard lacks one of its four parts.")
  const [id = '', key = '', value = '', dataType = ''] = parts.map((part) => property.decode(part).trim())
  return [{ id, key, value, dataType }]
}

/** The values of a card in either format. */
export type ShownCard = Pick<Observation, 'userId' | 'login' | 'email'> & { readonly profile: ShownProfile }

type ShownText = Partial<Record<TextField, string>>

/** The hCard classes and vCard properties of the identifying values. */
const identity = {
  hcard: { userId: 'x-lconn-userid', login: 'x-profile-uid', email: 'email' },
  vcard: { userId: 'X_LCONN_USERID', login: 'X_PROFILE_UID', email: 'EMAIL;INTERNET' },
} as const

/** The fields of an empty address. On the wire, an empty address is omitted entirely. */
export const noAddress: ShownText = Object.fromEntries(addressFields.map((name) => [name, '']))

/**
 * Converts raw values to fields (docs/wire.md, hCard; vCard 2.1).
 *
 * @param values by hCard class or by vCard property
 * @throws Failure `invalid` if the manager flag is not Y, N or empty
 */
export function readCard(form: 'hcard' | 'vcard', values: ReadonlyMap<string, string>): ShownCard {
  const userId = values.get(identity[form].userId)
  const login = values.get(identity[form].login)
  const email = values.get(identity[form].email)
  const isManager = values.get(otherFields.isManager[form] ?? '')
  const tags = values.get(otherFields.tags[form] ?? '')
  return {
    ...(userId && { userId }),
    ...(login && { login }),
    ...(email !== undefined && { email }),
    profile: {
      ...linesOfText(form, values),
      ...(isManager !== undefined && { isManager: yesOrNo(isManager) }),
      ...(tags !== undefined && { tags: splitTags(tags) }),
    },
  }
}

function linesOfText(form: 'hcard' | 'vcard', values: ReadonlyMap<string, string>): ShownText {
  const shown: ShownText = {}
  for (const field of textFieldNames) {
    const name = textFields[field][form]
    const value = name && values.get(name)
    if (value !== undefined) shown[field] = value
  }
  return shown
}

function yesOrNo(value: string): boolean | null {
  if (!['Y', 'N', ''].includes(value))
    throw new Failure('invalid', "The manager flag of the entry's card is neither Y nor N.")
  return value === '' ? null : value === 'Y'
}

const splitTags = (text: string) =>
  text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
