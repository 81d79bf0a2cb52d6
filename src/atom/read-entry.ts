import { Failure } from '../errors.js'
import { isUuid } from '../people/account.js'
import { messageIn } from './content.js'
import { charsetOf } from './encoding.js'
import { ATOM, scheme } from './vocabulary.js'
import { parseXml, requestLimits, type XmlElement } from './xml.js'

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

/** What a client says of a connection when it invites, accepts or rewrites. */
interface Invitation {
  /** The status that the connection shall have, in whatever word; undefined where the entry names none. */
  readonly status: string | undefined
  /** As HTML. */
  readonly message: string
}

/**
 * Reads the entry that a client sends (docs/wire.md, The entry clients send). Only its status and its content count. A
 * client sends its elements in no namespace.
 *
 * @param body bytes of an Atom entry
 * @param contentType the field of the request, which may say how the bytes are encoded
 * @throws Failure `invalid` when it is no well-formed entry, is of another kind than a colleague connection, and as
 *   `messageIn`
 */
export function readInvitation(body: Uint8Array, contentType: string | undefined): Invitation {
  if (body.length === 0) throw new Failure('invalid', 'The request has no body; send an Atom entry.')
  const entry = parseXml(body, requestLimits, charsetOf(contentType))
  if (!isAtom(entry, 'entry')) throw new Failure('invalid', 'The body is no Atom entry.')
  checkTerm(entry, scheme.type, 'connection')
  checkTerm(entry, scheme.connectionType, 'colleague')
  const [status, other] = new Set(requestTermsOf(entry, scheme.status))
  if (other !== undefined) throw new Failure('invalid', 'The entry has two categories of status, and they differ.')
  const content = entry.children.find((child) => isAtom(child, 'content'))
  return { status, message: content ? messageIn(content) : '' }
}

const isAtom = ({ namespace, name }: XmlElement, wanted: string) =>
  name === wanted && (namespace === ATOM || namespace === '')

/** The terms of the entry's categories in a scheme. */
const requestTermsOf = (entry: XmlElement, scheme: string): string[] =>
  entry.children
    .filter((child) => isAtom(child, 'category') && child.attributes.get('scheme') === scheme)
    .map((category) => category.attributes.get('term') ?? '')

function checkTerm(entry: XmlElement, scheme: string, wanted: string): void {
  if (requestTermsOf(entry, scheme).every((term) => term === wanted)) return
  throw new Failure('invalid', `The category of the scheme ${scheme} must be ${wanted}.`)
}

/** The children of an element that have this name. */
export function childrenOf(parent: XmlElement, namespace: string, name: string): XmlElement[] {
  return parent.children.filter((child) => child.namespace === namespace && child.name === name)
}

/** The first of them. */
export function childOf(parent: XmlElement, namespace: string, name: string): XmlElement | undefined {
  return parent.children.find((child) => child.namespace === namespace && child.name === name)
}

/** The text of the first of them, without blanks at its ends. */
export function textOf(parent: XmlElement, namespace: string, name: string): string | undefined {
  return childOf(parent, namespace, name)?.text.trim()
}

/** Every element inside this one, in the order of the document. */
export function descendantsOf(element: XmlElement): XmlElement[] {
  return element.children.flatMap((child) => [child, ...descendantsOf(child)])
}

const form = new RegExp(
  String.raw`^(?<date>(?<year>\d{4})-\d\d-(?<day>\d\d))T(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)` +
    String.raw`(?:\.(?<fraction>\d+))?(?:Z|(?<offset>[+-](?:[01]\d|2[0-3]):[0-5]\d))$`,
)

/**
 * Reads a date-time of RFC 3339 as Atom narrows it (RFC 4287, section 3.3): upper-case `T`, and `Z` or an offset.
 * What is finer than a millisecond is cut off. A leap second, at the end of a June or December in UTC, is the first
 * moment of the next day.
 *
 * @returns undefined for anything else: other forms, dates no calendar has, years outside 1970 to 9999
 */
export function parseTimestamp(text: string): Date | undefined {
  const parts = form.exec(text)?.groups
  if (!parts || Number(parts['year']) < 1970 || Number(parts['hour']) > 23) return undefined
  const isLeap = parts['second'] === '60'
  const second = isLeap ? '59' : parts['second']
  const milliseconds = (parts['fraction'] ?? '').padEnd(3, '0').slice(0, 3)
  const moment = `${parts['date']}T${parts['hour']}:${parts['minute']}:${second}.${isLeap ? '000' : milliseconds}`
  // Date takes 31 February for a day in March.
  if (new Date(`${moment}Z`).getUTCDate() !== Number(parts['day'])) return undefined
  const date = new Date(moment + (parts['offset'] ?? 'Z'))
  if (isLeap && !/-(06-30|12-31)T23:59:59/.test(date.toISOString())) return undefined
  if (isLeap) date.setTime(date.getTime() + 1000)
  return date.getUTCFullYear() >= 1970 && date.getUTCFullYear() <= 9999 ? date : undefined
}
