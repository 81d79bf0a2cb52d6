import { isUtf8 } from 'node:buffer'
import type { Refuse } from './scan.js'

/**
 * Decodes an XML document (XML 1.0, section 4.3.3 and appendix F). Precedence: byte order mark, `charset`, XML
 * declaration, UTF-8.
 *
 * @param charset of the `Content-Type`
 * @param refuse called for an unsupported encoding, for bytes that are invalid in it, and for a declaration that
 *   contradicts the byte order mark
 */
export function decodeXml(bytes: Uint8Array, charset: string | undefined, refuse: Refuse): string {
  const mark = markOf(bytes)
  if (!mark && looksLikeUtf16(bytes)) {
    refuse('it looks like UTF-16 without a byte order mark; begin with one, or use UTF-8')
  }
  if (!mark && charset !== undefined) return decode(bytes, charset, 'its Content-Type says', refuse)
  if (!mark) return decode(bytes, declaredIn(latin1(bytes.subarray(0, 1024))), 'it declares', refuse)

  const text = decode(bytes, undefined, '', refuse)
  const declared = declaredIn(text)
  if (declared !== undefined && !fits(declared, mark) && !(charset !== undefined && fits(charset, mark))) {
    const quoted = JSON.stringify(declared.slice(0, 40))
    refuse(`it declares ${quoted}, but its byte order mark says ${mark.name}; declare ${mark.name.slice(0, 6)}`)
  }
  return text
}

function fits(name: string, mark: Mark): boolean {
  if (mark.name === 'UTF-8') return byName.get(name.toLowerCase()) === utf8
  return [mark.name, mark.name.slice(0, 6)].some(
    (each) => each.replace('-', '') === name.toUpperCase().replace('-', ''),
  )
}

const space = '[ \\t\\r\\n]'
const declaration = new RegExp(
  `^<\\?xml${space}+version${space}*=${space}*["']1\\.\\d+["']${space}+encoding${space}*=${space}*(["'])(.*?)\\1`,
)
const declaredIn = (text: string) => declaration.exec(text.slice(0, 1024))?.[2]

/**
 * Decodes bytes. A byte order mark takes precedence over the name, and is removed.
 *
 * @param name of the encoding, ignoring case; UTF-8 by default
 * @param says subject and verb of a refusal about the name, such as `it declares`
 * @param refuse called for an unsupported encoding and for invalid bytes
 */
export function decode(bytes: Uint8Array, name: string | undefined, says: string, refuse: Refuse): string {
  const mark = markOf(bytes)
  const encoding = mark ? markedBy(mark, refuse) : named(name, says, refuse)
  const content = bytes.subarray(mark?.length ?? 0)
  const line = encoding.contradiction(content)
  if (line === undefined) return encoding.decode(content)
  const why = mark ? 'its byte order mark says' : name === undefined ? undefined : says
  return refuse(`line ${line} is not valid ${encoding.name}${why === undefined ? '' : `, but ${why} ${encoding.name}`}`)
}

function markedBy({ name }: Mark, refuse: Refuse): Encoding {
  if (name === 'UTF-8') return utf8
  if (name !== 'UTF-32') return utf16(name)
  return refuse(`UTF-32 is not supported; use ${readEncodings}`)
}

function named(name = 'UTF-8', says: string, refuse: Refuse): Encoding {
  const encoding = byName.get(name.toLowerCase())
  if (encoding) return encoding
  const quoted = JSON.stringify(name.slice(0, 40))
  if (isUtf16(name)) return refuse(`${says} ${quoted}, but there is no byte order mark; begin with one, or use UTF-8`)
  return refuse(`${says} ${quoted}, which is not supported; use ${readEncodings}`)
}

const isUtf16 = (name: string) => /^utf-?16(?:le|be)?$/i.test(name)

/** Encodings to suggest in refusals. */
const readEncodings = 'UTF-8, US-ASCII, ISO-8859-1, windows-1252, or UTF-16 with a byte order mark'

/** A byte order mark: its encoding and its length in bytes. */
interface Mark {
  readonly name: 'UTF-8' | 'UTF-16LE' | 'UTF-16BE' | 'UTF-32'
  readonly length: number
}

const marks: readonly (Mark & { readonly bytes: string })[] = [
  { name: 'UTF-32', length: 4, bytes: '\xFF\xFE\0\0' },
  { name: 'UTF-32', length: 4, bytes: '\0\0\xFE\xFF' },
  { name: 'UTF-8', length: 3, bytes: '\xEF\xBB\xBF' },
  { name: 'UTF-16LE', length: 2, bytes: '\xFF\xFE' },
  { name: 'UTF-16BE', length: 2, bytes: '\xFE\xFF' },
]

/** The byte order mark at the start of the bytes, if any. */
export function markOf(bytes: Uint8Array): Mark | undefined {
  const start = latin1(bytes.subarray(0, 4))
  return marks.find((mark) => start.startsWith(mark.bytes))
}

/** Whether exactly one of the first two bytes is NUL, as in UTF-16 without a byte order mark. */
export const looksLikeUtf16 = (bytes: Uint8Array): boolean => bytes.length > 1 && (bytes[0] === 0) !== (bytes[1] === 0)

/** The `charset` of a Content-Type, if any. */
export function charsetOf(contentType: string | undefined): string | undefined {
  const [, quoted, single, token] =
    /;\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"']*))/i.exec(contentType ?? '') ?? []
  return quoted ?? single ?? token
}

/** A supported encoding of XML documents and vCards. */
interface Encoding {
  readonly name: string
  /** Number of the first line with invalid bytes, if any. */
  readonly contradiction: (bytes: Uint8Array) => number | undefined
  readonly decode: (bytes: Uint8Array) => string
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

const firstLine = (isBad: (line: Buffer) => boolean) => (bytes: Uint8Array) => {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let line = 1, from = 0; from < all.length; line++) {
    const feed = all.indexOf(10, from)
    const to = feed === -1 ? all.length : feed + 1
    if (isBad(all.subarray(from, to))) return line
    from = to
  }
  return undefined
}

const strict = (label: string) => new TextDecoder(label, { fatal: true, ignoreBOM: true })

function utf16(name: 'UTF-16LE' | 'UTF-16BE'): Encoding {
  const decode = (bytes: Uint8Array) => strict(name).decode(bytes)
  const contradiction = (bytes: Uint8Array) => {
    try {
      decode(bytes)
      return undefined
    } catch {
      const lines = new TextDecoder(name).decode(bytes).split('\n')
      return lines.findIndex((line) => line.includes('\uFFFD')) + 1
    }
  }
  return { name, contradiction, decode }
}

// `TextDecoder` treats US-ASCII and ISO-8859-1 as windows-1252, so these encodings are decoded without it.
const utf8: Encoding = {
  name: 'UTF-8',
  contradiction: firstLine((line) => !isUtf8(line)),
  decode: (bytes) => strict('utf-8').decode(bytes),
}
const ascii: Encoding = {
  name: 'US-ASCII',
  contradiction: firstLine((line) => line.some((byte) => byte > 0x7f)),
  decode: latin1,
}
const iso88591: Encoding = { name: 'ISO-8859-1', contradiction: () => undefined, decode: latin1 }

/** The characters of bytes 0x80 to 0x9F in windows-1252. A space marks each of the five undefined bytes. */
const windows1252Extras = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'

const windows1252: Encoding = {
  name: 'windows-1252',
  contradiction: firstLine((line) => line.some((byte) => windows1252Extras[byte - 0x80] === ' ')),
  decode: (bytes) =>
    latin1(bytes).replace(/[\x80-\x9F]/g, (byte) => windows1252Extras[byte.charCodeAt(0) - 0x80] as string),
}

const byName: ReadonlyMap<string, Encoding> = new Map([
  ...['utf-8', 'utf8'].map((name) => [name, utf8] as const),
  ...['us-ascii', 'ascii'].map((name) => [name, ascii] as const),
  ...['iso-8859-1', 'iso8859-1', 'iso_8859-1', 'iso8859_1', 'latin1'].map((name) => [name, iso88591] as const),
  ...['windows-1252', 'cp1252'].map((name) => [name, windows1252] as const),
])
