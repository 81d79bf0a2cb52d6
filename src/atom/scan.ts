import { isXmlText } from './template.js'

/** Maximum nesting depth (the root is level 1), number of elements, and number of attributes of one element. */
export interface XmlLimits {
  readonly depth: number
  readonly elements: number
  readonly attributes: number
}

/** Throws the refusal of a document. The creator of the function adds the position to the message. */
export type Refuse = (reason: string) => never

/**
 * Checks each token against XML 1.0, and the document against the limits. Does not check that end tags match (the XML
 * library does), or that names and references resolve (`parseXml` does).
 *
 * @returns the document without declaration and processing instructions, since the library misreads quotation marks in
 *   them; line numbers stay the same
 */
export function scan(text: string, limits: XmlLimits, refuseAt: (index: number) => Refuse): string {
  const declared = declaration.exec(text)?.[0] ?? ''
  const pieces = [lineFeeds(declared)]
  const tokens = new RegExp(token)
  tokens.lastIndex = declared.length
  let end = declared.length
  let depth = 0
  let elements = 0

  for (const { 0: piece, index, groups = {} } of text.matchAll(tokens)) {
    const refuse: Refuse = refuseAt(index)
    if (groups['start'] !== undefined) {
      if (depth === 0 && elements > 0) refuse('there is a second root element')
      if (++elements > limits.elements) refuse(`there are more than ${limits.elements} elements`)
      if (++depth > limits.depth) refuse(`elements are more than ${limits.depth} levels deep`)
      checkAttributes(piece, limits, refuse)
      if (groups['empty'] === '/') depth--
    } else if (groups['end'] !== undefined) {
      depth--
    } else if (groups['text'] !== undefined || groups['section'] !== undefined) {
      if (depth < 1 && /[^ \t\n]/.test(piece)) refuse('there is text outside the root element')
      if (groups['text']?.includes(']]>')) refuse('"]]>" must be written as "]]&gt;"')
    }
    pieces.push(groups['instruction'] === undefined ? piece : `<!--${lineFeeds(piece)}-->`)
    end = index + piece.length
  }
  if (end < text.length) refuseAt(end)(reasonAgainst(text.slice(end, end + 20)))
  if (elements === 0) refuseAt(end)('there is no element')
  return pieces.join('')
}

function reasonAgainst(piece: string): string {
  if (/^<!(?:DOCTYPE|ENTITY)/i.test(piece)) return 'document types and entities are not accepted'
  const why = piece.startsWith('<?xml ') ? '; its declaration must be at the very beginning' : ''
  return `${JSON.stringify(piece)} is not XML 1.0${why}`
}

function checkAttributes(tag: string, limits: XmlLimits, refuse: Refuse): void {
  const names = Array.from(tag.matchAll(attributes), ([, name]) => name)
  if (names.length > limits.attributes) refuse(`an element has more than ${limits.attributes} attributes`)
  if (new Set(names).size < names.length) refuse('an attribute is repeated')
}

const lineFeeds = (text: string) => text.replace(/[^\n]/g, '')

/** The source between the tags of the element that starts at this index of a scanned document. */
export function contentAt(text: string, start: number): string {
  const tokens = new RegExp(token)
  tokens.lastIndex = start
  let from: number | undefined
  let depth = 0
  for (const { 0: piece, index, groups = {} } of text.matchAll(tokens)) {
    if (groups['start'] !== undefined && groups['empty'] !== '/') depth++
    if (groups['end'] !== undefined) depth--
    from ??= index + piece.length
    if (depth === 0) return text.slice(from, index)
  }
  return ''
}

/**
 * Resolves the references in character data or an attribute value (XML 1.0, section 4.1).
 *
 * @param refuse called for unknown entities, forbidden characters and a bare `&`
 */
export function decodeReferences(text: string, refuse: Refuse): string {
  return text.replace(/&(?:(#?\w+);)?/g, (whole: string, name: string | undefined) => {
    if (name === undefined) refuse('an "&" must be written as "&amp;"')
    return named.get(name) ?? numbered(name) ?? refuse(`"${whole}" is not a reference that XML allows`)
  })
}

const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function numbered(name: string): string | undefined {
  const [, hexadecimal, decimal] = /^#(?:x([\da-fA-F]+)|(\d+))$/.exec(name) ?? []
  const point = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16)
  if (!(point <= 0x10ffff)) return undefined
  const character = String.fromCodePoint(point)
  return isXmlText(character) ? character : undefined
}

const name = String.raw`[\p{L}_][\p{L}\p{Mn}\p{Nd}.\xB7_\-]*`
const qname = `${name}(?::${name})?`
const space = String.raw`[ \t\n]`
const attribute = `${space}+(${qname})${space}*=${space}*(?:"[^<"]*"|'[^<']*')`
const attributes = new RegExp(attribute, 'gu')

const token = new RegExp(
  [
    '(?<text>[^<]+)',
    String.raw`(?<section><!\[CDATA\[[^]*?\]\]>)`,
    '<!--(?:-?[^-])*-->',
    String.raw`(?<instruction><\?(?![xX][mM][lL][ \t\n?])${name}(?:${space}[^]*?)?\?>)`,
    `(?<start><${qname}(?:${attribute.replace('(', '(?:')})*${space}*(?<empty>/?)>)`,
    `(?<end></${qname}${space}*>)`,
  ].join('|'),
  'guy',
)

const declaration = new RegExp(
  String.raw`^<\?xml${space}+version${space}*=${space}*(["'])1\.0\1` +
    String.raw`(${space}+encoding${space}*=${space}*(["'])[A-Za-z][\w.-]*\3)?` +
    String.raw`(${space}+standalone${space}*=${space}*(["'])(yes|no)\5)?${space}*\?>`,
)
