import { type Extension, otherFields, textFields } from '../accounts/fields.js'
import type { ShownProfile } from '../accounts/sighting.js'
import { Failure } from '../errors.js'
import { noAddress, readCard, type ShownCard } from './read-card.js'

const inTable = [...Object.values(textFields), ...Object.values(otherFields)].flatMap(({ vcard }) => vcard ?? [])
const fixed = ['BEGIN', 'VERSION', 'PHOTO', 'FN', 'URL', 'SOUND', 'EMAIL', 'REV', 'END']
const identifiers = ['X_PROFILE_KEY', 'UID', 'X_PROFILE_UID', 'X_LCONN_USERID']
const names = [...new Set([...inTable.map((property) => property.split(';')[0]), ...fixed, ...identifiers])]

const property = new RegExp(`^((?:${names.join('|')})(?:;[^:]*)?):(.*)$`, 's')
const extensionProperty = otherFields.extensions.vcard ?? ''

/**
 * Reads the vCard 2.1 in an entry's `content type="text"`, lite or full (wire reference, section 4.7). A line that
 * begins no property that the wire knows continues the value before it. Refuses text that is no whole vCard, a
 * property that stands there twice, and an address in other than eight parts, or seven.
 */
export function readVcard(text: string): ShownCard {
  const properties = propertiesOf(text)
  const values = new Map<string, string>()
  for (const [name, value] of properties.filter(([name]) => !name.startsWith(extensionProperty))) {
    if (values.has(name)) throw new Failure('invalid', `Its vCard shows ${name} twice.`)
    values.set(name, value.trim())
  }
  const name = values.get('N')
  const address = values.get('ADR;WORK')
  const isFull = values.has('HONORIFIC_PREFIX')
  for (const composed of ['N', 'ADR;WORK']) values.delete(composed)

  const card = readCard('vcard', values)
  return {
    ...card,
    profile: {
      ...(isFull && noAddress),
      ...card.profile,
      ...(name !== undefined && nameParts(name)),
      ...(address !== undefined && addressParts(address)),
      ...(isFull && { extensions: properties.flatMap(([name, value]) => extension(`${name}:${value}`)) }),
    },
  }
}

/** Names, with what stands before the colon, and values. Lines may be indented as deep as the first. */
function propertiesOf(text: string): [name: string, value: string][] {
  const [, indent = '', body] = /^\s*?([ \t]*)BEGIN:VCARD\n(.*?)\n[ \t]*END:VCARD\s*$/s.exec(text) ?? []
  if (body === undefined) throw new Failure('invalid', 'Its content holds no whole vCard.')
  const properties: [string, string][] = []
  for (const indented of body.split('\n')) {
    const line = indented.startsWith(indent) ? indented.slice(indent.length) : indented
    const [, name, value = ''] = property.exec(line) ?? []
    const last = properties.at(-1)
    if (name !== undefined) properties.push([name, value])
    else if (last !== undefined) last[1] += `\n${line}`
  }
  return properties
}

function nameParts(value: string): ShownProfile {
  const [familyName = '', givenName = ''] = value.split(';').map((part) => part.trim())
  return { familyName, givenName }
}

/** The wire's form has eight parts; the product's own client wrote seven, with both lines of the street in one. */
function addressParts(value: string): ShownProfile {
  const parts = value.split(';').map((part) => part.trim())
  if (parts.length === 7) parts.splice(3, 0, '')
  if (parts.length !== 8) throw new Failure('invalid', `Its address has ${parts.length} parts instead of eight.`)
  const [, , street = '', street2 = '', city = '', region = '', postalCode = '', country = ''] = parts
  return { street, street2, city, region, postalCode, country }
}

const extensionLine = new RegExp(
  `^${extensionProperty};VALUE=X_EXTENSION_PROPERTY_ID:(.*?);VALUE=X_EXTENSION_KEY:(.*?)` +
    ';VALUE=X_EXTENSION_VALUE:(.*);VALUE=X_EXTENSION_DATA_TYPE:(.*)$',
  's',
)

function extension(line: string): Extension[] {
  if (!line.startsWith(extensionProperty)) return []
  const parts = extensionLine.exec(line)?.slice(1)
  if (parts === undefined) throw new Failure('invalid', 'Its vCard shows an extension without one of its four parts.')
  const [id = '', key = '', value = '', dataType = ''] = parts.map((part) => part.trim())
  return [{ id, key, value, dataType }]
}
