import { Failure } from '../errors.js'
import { isXmlText } from './escape.js'
import { ATOM, scheme } from './vocabulary.js'
import { parseXml, requestLimits, type XmlElement } from './xml.js'

/** What a client says of a connection when it invites, accepts or rewrites. */
export interface Invitation {
  /** The status that the connection shall have, in whatever word; undefined where the entry names none. */
  readonly status: string | undefined
  readonly message: string
}

const longestMessage = 4000

/**
 * Reads the entry that a client sends (wire reference, section 5.1). Only its status and its content count. A client
 * sends its elements in no namespace, another its message as markup that is not escaped: that is kept as it is written,
 * but for processing instructions.
 *
 * @param body bytes of an Atom entry
 * @throws Failure `invalid` when it is no well-formed entry in UTF-8, is of another kind than a colleague connection, or
 *   its message is longer than 4,000 characters
 */
export function readInvitation(body: Uint8Array): Invitation {
  if (body.length === 0) throw new Failure('invalid', 'The request has no body; send an Atom entry.')
  const entry = parseXml(body, requestLimits)
  if (!isAtom(entry, 'entry')) throw new Failure('invalid', 'The body is no Atom entry.')
  checkTerm(entry, scheme.type, 'connection')
  checkTerm(entry, scheme.connectionType, 'colleague')
  const [status, other] = new Set(termsOf(entry, scheme.status))
  if (other !== undefined) throw new Failure('invalid', 'The entry has two categories of status, and they differ.')
  const content = entry.children.find((child) => isAtom(child, 'content'))
  return {
    status,
    message: checkMessage(content ? textOrMarkup(content) : ''),
  }
}

const isAtom = ({ namespace, name }: XmlElement, wanted: string) =>
  name === wanted && (namespace === ATOM || namespace === '')

/** The terms of the entry's categories in a scheme. */
const termsOf = (entry: XmlElement, scheme: string): string[] =>
  entry.children
    .filter((child) => isAtom(child, 'category') && child.attributes.get('scheme') === scheme)
    .map((category) => category.attributes.get('term') ?? '')

function checkTerm(entry: XmlElement, scheme: string, wanted: string): void {
  if (termsOf(entry, scheme).every((term) => term === wanted)) return
  throw new Failure('invalid', `The category of the scheme ${scheme} must be ${wanted}.`)
}

const textOrMarkup = (content: XmlElement) => (content.children.length > 0 ? content.source() : content.text)

/** @returns the message. @throws Failure `invalid` when it is longer than 4,000 characters, or no feed could show it */
export function checkMessage(message: string): string {
  const length = Array.from(message).length
  if (length > longestMessage) {
    throw new Failure('invalid', `The message may have at most ${longestMessage} characters; this one has ${length}.`)
  }
  if (isXmlText(message)) return message
  throw new Failure('invalid', 'The message has a character that no feed can show, such as a control character.')
}
