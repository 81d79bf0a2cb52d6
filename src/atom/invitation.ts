import { type Status, statuses } from '../connections/connection.js'
import { Failure } from '../errors.js'
import { ATOM, scheme } from './vocabulary.js'
import { parseXml, requestLimits, type XmlElement } from './xml.js'

/** What a client says of a connection when it invites, accepts or rewrites. */
export interface Invitation {
  /** The status that the connection shall have; undefined where the entry names none. */
  readonly status: Status | undefined
  readonly message: string
}

const longestMessage = 4000

/**
 * Reads the entry that a client sends (wire reference, section 5.1). Only its status and its content count. A client
 * sends its elements in no namespace, another its message as markup that is not escaped: that is kept as it is written.
 *
 * @param body bytes of an Atom entry
 * @throws Failure `invalid` when it is no well-formed entry in UTF-8, is of another kind than a colleague connection, or
 *   its message is longer than 4,000 characters
 */
export function readInvitation(body: Uint8Array): Invitation {
  if (body.length === 0) throw new Failure('invalid', 'The request has no body; send an Atom entry.')
  const entry = parseXml(body, requestLimits)
  if (!isAtom(entry, 'entry')) throw new Failure('invalid', 'The body is no Atom entry.')
  checkTerm(entry, scheme.type, ['connection'])
  checkTerm(entry, scheme.connectionType, ['colleague'])
  const content = entry.children.find((child) => isAtom(child, 'content'))
  return {
    status: checkTerm(entry, scheme.status, statuses),
    message: checkLength(content ? textOrMarkup(content) : ''),
  }
}

const isAtom = ({ namespace, name }: XmlElement, wanted: string) =>
  name === wanted && (namespace === ATOM || namespace === '')

/** The term of the entry's category in a scheme; undefined where it has none. Refuses terms that are not wanted. */
function checkTerm<Term extends string>(entry: XmlElement, scheme: string, wanted: readonly Term[]): Term | undefined {
  const terms = entry.children
    .filter((child) => isAtom(child, 'category') && child.attributes.get('scheme') === scheme)
    .map((category) => category.attributes.get('term'))
  const term = wanted.find((each) => each === terms[0])
  if (terms.some((other) => other !== term || other === undefined)) {
    throw new Failure('invalid', `The category of the scheme ${scheme} must be ${wanted.join(' or ')}.`)
  }
  return term
}

const textOrMarkup = (content: XmlElement) => (content.children.length > 0 ? content.source() : content.text)

function checkLength(message: string): string {
  const length = Array.from(message).length
  if (length <= longestMessage) return message
  throw new Failure('invalid', `The message may have at most ${longestMessage} characters; this one has ${length}.`)
}
