import { Failure } from '../errors.js'
import { isUuid } from '../people/account.js'
import { messageIn } from './content.js'
import { charsetOf } from './encoding.js'
import { ATOM, scheme } from './vocabulary.js'
import { parseXml, requestLimits, type XmlElement } from './xml.js'

/** The parts of a client's entry that the server uses. */
interface Invitation {
  /** The requested status, not validated; undefined if the entry has none. */
  readonly status: string | undefined
  /** The message as HTML. */
  readonly message: string
}

/**
 * Reads a client's entry (docs/wire.md, The entry clients send). Uses only its status and content. Clients may omit the
 * Atom namespace.
 *
 * @param body bytes of an Atom entry
 * @param contentType the header field; its `charset` applies to the body
 * @throws Failure `invalid` for malformed XML, for a document that is not an entry, for another type of connection, for
 *   two different statuses, and if `messageIn` refuses the content
 */
export function readInvitation(body: Uint8Array, contentType: string | undefined): Invitation {
  if (body.length === 0) throw new Failure('invalid', 'The request has no body; send an Atom entry.')
  const entry = parseXml(body, requestLimits, charsetOf(contentType))
  if (!isAtom(entry, 'entry')) throw new Failure('invalid', 'The body is not an Atom entry.')
  checkTerm(entry, scheme.type, 'connection')
  checkTerm(entry, scheme.connectionType, 'colleague')
  const [status, other] = new Set(requestTermsOf(entry, scheme.status))
  if (other !== undefined) throw new Failure('invalid', 'The entry has two different status categories.')
  const content = entry.children.find((child) => isAtom(child, 'content'))
  return { status, message: content ? messageIn(content) : '' }
}

const isAtom = ({ namespace, name }: XmlElement, wanted: string) =>
  name === wanted && (namespace === ATOM || namespace === '')

const requestTermsOf = (entry: XmlElement, scheme: string): string[] =>
  entry.children
    .filter((child) => isAtom(child, 'category') && child.attributes.get('scheme') === scheme)
    .map((category) => category.attributes.get('term') ?? '')

function checkTerm(entry: XmlElement, scheme: string, wanted: string): void {
  if (requestTermsOf(entry, scheme).every((term) => term === wanted)) return
  throw new Failure('invalid', `The category of the scheme ${scheme} must be ${wanted}.`)
}

/** The terms of an entry's categories with this scheme. Categories without a scheme are tags. */
export function termsOf(entry: XmlElement, scheme: string | undefined): string[] {
  return childrenOf(entry, ATOM, 'category')
    .filter((category) => category.attributes.get('scheme') === scheme)
    .flatMap((category) => category.attributes.get('term') ?? [])
}

/**
 * The UUID at the end of an entry's id, in lower case: id of the connection or key of the profile.
 *
 * @throws Failure `invalid` if there is none
 */
export function idOf(entry: XmlElement): string {
  const id = (textOf(entry, ATOM, 'id') ?? '').slice(-36)
  if (!isUuid(id)) throw new Failure('invalid', "The entry's id does not end in a UUID.")
  return id.toLowerCase()
}

/**
 * The last change of an entry or feed.
 *
 * @throws Failure `invalid` if it is not an RFC 3339 timestamp
 */
export function updatedOf(element: XmlElement): Date {
  const updated = parseTimestamp(textOf(element, ATOM, 'updated') ?? '')
  if (updated === undefined)
    throw new Failure('invalid', 'The element "updated" is missing or not an RFC 3339 timestamp.')
  return updated
}

const form = new RegExp(
  String.raw`^(?<date>(?<year>\d{4})-\d\d-(?<day>\d\d))T(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)` +
    String.raw`(?:\.(?<fraction>\d+))?(?:Z|(?<offset>[+-](?:[01]\d|2[0-3]):[0-5]\d))$`,
)

/**
 * Parses an RFC 3339 timestamp in the form of Atom (RFC 4287, section 3.3): upper-case `T`, and `Z` or an offset.
 * Truncates to milliseconds. A leap second, valid at the end of June and December in UTC, becomes the first moment of
 * the next day.
 *
 * @returns undefined for other forms, for impossible dates and for years outside 1970 to 9999
 */
export function parseTimestamp(text: string): Date | undefined {
  const parts = form.exec(text)?.groups
  if (!parts || Number(parts['year']) < 1970 || Number(parts['hour']) > 23) return undefined
  const isLeap = parts['second'] === '60'
  const second = isLeap ? '59' : parts['second']
  const milliseconds = (parts['fraction'] ?? '').padEnd(3, '0').slice(0, 3)
  const moment = `${parts['date']}T${parts['hour']}:${parts['minute']}:${second}.${isLeap ? '000' : milliseconds}`
  // `Date` turns 31 February into a day in March.
  if (new Date(`${moment}Z`).getUTCDate() !== Number(parts['day'])) return undefined
  const date = new Date(moment + (parts['offset'] ?? 'Z'))
  if (isLeap && !/-(06-30|12-31)T23:59:59/.test(date.toISOString())) return undefined
  if (isLeap) date.setTime(date.getTime() + 1000)
  return date.getUTCFullYear() >= 1970 && date.getUTCFullYear() <= 9999 ? date : undefined
}

/** All child elements with this name. */
export function childrenOf(parent: XmlElement, namespace: string, name: string): XmlElement[] {
  return parent.children.filter((child) => child.namespace === namespace && child.name === name)
}

/** The first child element with this name. */
export function childOf(parent: XmlElement, namespace: string, name: string): XmlElement | undefined {
  return parent.children.find((child) => child.namespace === namespace && child.name === name)
}

/** The trimmed text of the first child element with this name. */
export function textOf(parent: XmlElement, namespace: string, name: string): string | undefined {
  return childOf(parent, namespace, name)?.text.trim()
}

/** All descendants of an element, in document order. */
export function descendantsOf(element: XmlElement): XmlElement[] {
  return element.children.flatMap((child) => [child, ...descendantsOf(child)])
}
