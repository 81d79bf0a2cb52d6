import { Failure } from '../errors.js'
import { escapeText, isXmlText } from './template.js'
import { ATOM, XHTML } from './vocabulary.js'
import type { XmlElement } from './xml.js'

/** A message has at most so many characters, as it was written. */
export const maxMessageLength = 4000

/** A message is kept as HTML, in which a text has references for these. */
const references = /&(?:amp|lt|gt|#13);/g

/** How many characters a message has, as it was written: one that is kept as a reference counts as one. */
export const messageLength = (html: string): number => Array.from(html.replace(references, '.')).length

/**
 * The HTML that shows a text: the form in which messages are kept, since the wire has no other (docs/wire.md, A
 * connection entry). Nothing is lost by it, and a text without markup stays as it is.
 */
export const htmlOf = (text: string): string => escapeText(text)

/** @returns the message. @throws Failure `invalid` when it is longer than 4,000 characters, or no feed could show it */
export function checkMessage(message: string): string {
  const length = Array.from(message).length
  if (length > maxMessageLength) {
    throw new Failure('invalid', `The message may have at most ${maxMessageLength} characters; this one has ${length}.`)
  }
  if (isXmlText(message)) return message
  throw new Failure('invalid', 'The message has a character that no feed can show, such as a control character.')
}

/**
 * The message in an Atom `content`, as HTML that shows what its type says (RFC 4287, section 4.1.3). HTML stays as it is
 * written, also where its markup is not escaped, as a client sends it; a text is escaped; XHTML becomes HTML.
 *
 * @throws Failure `invalid` for another type, for content that stands elsewhere, and as `checkMessage`
 */
export function messageIn(content: XmlElement): string {
  if (content.attributes.has('src')) throw new Failure('invalid', 'The content must stand in the entry, without "src".')
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
      throw new Failure('invalid', `The content may have the type text, html or xhtml, not ${JSON.stringify(type)}.`)
  }
}

/** The `div` around XHTML is not part of it. */
function htmlIn(content: XmlElement): string {
  const [only, ...others] = content.children
  const isWrapped = only?.name === 'div' && isXhtml(only) && others.length === 0
  return (isWrapped ? only : content).nodes.map(htmlFrom).join('')
}

const isXhtml = ({ namespace }: XmlElement) => [XHTML, ATOM, ''].includes(namespace)

/** Elements of HTML that have no content, and no end tag. */
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
