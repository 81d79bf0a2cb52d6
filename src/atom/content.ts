import { Failure } from '../errors.js'
import { escapeText, isXmlText } from './escape.js'
import { ATOM, XHTML } from './vocabulary.js'
import type { XmlElement } from './xml.js'

/** In characters of the user's text, before escaping. */
export const maxMessageLength = 4000

/** The character references that `htmlOf` writes. */
const references = /&(?:amp|lt|gt|#13);/g

/** The length of a stored message in characters. A character reference counts as one. */
export const messageLength = (html: string): number => Array.from(html.replace(references, '.')).length

/**
 * Escapes plain text as HTML. Messages are stored as HTML, since the wire has no other form (docs/wire.md, A connection
 * entry). Text without special characters is unchanged.
 */
export const htmlOf = (text: string): string => escapeText(text)

/**
 * Checks the length and the characters of a message.
 *
 * @returns the message
 * @throws Failure `invalid` if it is longer than 4,000 characters, or contains characters that XML forbids
 */
export function checkMessage(message: string): string {
  const length = Array.from(message).length
  if (length > maxMessageLength) {
    throw new Failure('invalid', `The message may have at most ${maxMessageLength} characters; this one has ${length}.`)
  }
  if (isXmlText(message)) return message
  throw new Failure('invalid', 'The message has a character that XML forbids, such as a control character.')
}

/**
 * Reads the message of an Atom `content` element as HTML (RFC 4287, section 4.1.3). HTML is returned unchanged, even if
 * it was sent unescaped; plain text is escaped; XHTML is rewritten as HTML.
 *
 * @throws Failure `invalid` for another type, for a `src` attribute, and if `checkMessage` refuses the message
 */
export function messageIn(content: XmlElement): string {
  if (content.attributes.has('src')) throw new Failure('invalid', 'The content must be inline: "src" is not supported.')
  const type = content.attributes.get('type') ?? 'text'
  const written = content.children.length > 0 ? content.source() : content.text
  switch (type.trim().toLowerCase()) {
    case 'text':
    case 'text/plain':
      return htmlOf(checkMessage(written))
    case 'html':
    case 'text/html':
      return checkMessage(written)
    case 'xhtml':
    case 'application/xhtml+xml':
      return checkMessage(htmlIn(content))
    default:
      throw new Failure('invalid', `The type of the content must be text, html or xhtml, not ${JSON.stringify(type)}.`)
  }
}

/** Converts XHTML content to HTML. The wrapping `div` is not part of the content. */
function htmlIn(content: XmlElement): string {
  const [only, ...others] = content.children
  const isWrapped = only?.name === 'div' && isXhtml(only) && others.length === 0
  return (isWrapped ? only : content).nodes.map(htmlFrom).join('')
}

const isXhtml = ({ namespace }: XmlElement) => [XHTML, ATOM, ''].includes(namespace)

/** HTML elements without an end tag. */
const voids = new Set('area base br col embed hr img input link meta source track wbr'.split(' '))

function htmlFrom(node: XmlElement | string): string {
  if (typeof node === 'string') return htmlOf(node)
  const { name, attributes, nodes } = node
  const written = [...attributes]
    .filter(([name]) => !name.startsWith('{'))
    .map(([name, value]) => ` ${name}="${escapeText(value).replaceAll('"', '&quot;')}"`)
  const start = `<${name}${written.join('')}>`
  return voids.has(name) ? start : `${start}${nodes.map(htmlFrom).join('')}</${name}>`
}
