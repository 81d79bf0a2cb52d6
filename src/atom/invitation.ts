import { Failure } from '../errors.js'
import { messageIn } from './content.js'
import { charsetOf } from './encoding.js'
import { ATOM, scheme } from './vocabulary.js'
import { parseXml, requestLimits, type XmlElement } from './xml.js'

/** What a client says of a connection when it invites, accepts or rewrites. */
export interface Invitation {
  /** The status that the connection shall have, in whatever word; undefined where the entry names none. */
  readonly status: string | undefined
  /** As HTML. */
  readonly message: string
}

/**
 * Reads the entry that a client sends (wire reference, section 5.1). Only its status and its content count. A client
 * sends its elements in no namespace.
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
