import { Failure } from '../errors.js'
import { decode } from './encoding.js'
import type { Refuse } from './scan.js'

/** A property of a vCard 2.1, undecoded. */
export interface Property {
  readonly name: string
  /** Without the encoding parameters. */
  readonly parameters: readonly string[]
  /** Undecoded, but without the soft line breaks of quoted-printable. */
  readonly value: string
  /**
   * Decodes the value or a part of it.
   *
   * @throws Failure `invalid`, with the line number, if the text cannot be decoded
   */
  readonly decode: (part: string) => string
  /** Whether the value is encoded as a whole, including its separators, as in base64. */
  readonly isEncodedWhole: boolean
}

interface Raw {
  readonly head: readonly string[]
  readonly line: number
  readonly pieces: string[]
}

const quotedPrintable = 'QUOTED-PRINTABLE'
const identityEncodings = ['', '7BIT', '8BIT']

/**
 * Splits the lines of a vCard into properties. A line continues the previous value if it follows a soft line break, or
 * if it does not begin with a known property.
 *
 * @param names the names of all known properties
 */
export function propertiesIn(lines: readonly string[], names: readonly string[]): Property[] {
  const property = new RegExp(`^((?:${names.join('|')})(?:;[^:]*)?):(.*)$`, 's')
  const written: Raw[] = []
  for (const [at, line] of lines.entries()) {
    const last = written.at(-1)
    const end = last?.pieces.at(-1) ?? ''
    const isSoft = last !== undefined && softBreak.test(end) && encodingOf(last.head) === quotedPrintable
    const [, head, value = ''] = (!isSoft && property.exec(line)) || []
    if (head !== undefined)
      written.push({ head: head.split(';').map((part) => part.trim()), pieces: [value], line: at + 1 })
    else if (isSoft) last.pieces.splice(-1, 1, end.replace(softBreak, ''), line)
    else last?.pieces.push('\n', line)
  }
  return written.map(read)
}

const softBreak = /=[ \t]*$/

function read(written: Raw): Property {
  const [name = '', ...parameters] = written.head
  return {
    name,
    parameters: parameters.filter((parameter) => !encodingParameter.test(parameter)),
    value: written.pieces.join(''),
    decode: (part) => decoded(written, part),
    isEncodedWhole: ![quotedPrintable, ...identityEncodings].includes(encodingOf(written.head)),
  }
}

/**
 * The parts of a structured value. Splits before decoding, so that an encoded separator does not count. A value encoded
 * as a whole (base64) is decoded first.
 */
export function partsOf({ value, decode, isEncodedWhole }: Property, separator: string): string[] {
  const parts = isEncodedWhole ? decode(value).split(separator) : value.split(separator).map(decode)
  return parts.map((part) => part.trim())
}

/** Removes quotation marks around a parameter value. */
export const unquoted = (text: string): string => text.trim().replace(/^(["'])(.*)\1$/, '$2')

const encodingParameter = /^(?:(?:ENCODING|CHARSET)\s*=.*|QUOTED-PRINTABLE|BASE64|[78]BIT)$/i

/** The value of a parameter, or ''. */
function parameterOf(head: readonly string[], name: string): string {
  const found = head.find((parameter) => parameter.split('=')[0]?.trim().toUpperCase() === name)
  return unquoted(found?.split('=')[1] ?? '')
}

function encodingOf(head: readonly string[]): string {
  const bare = head.slice(1).find((parameter) => encodingParameter.test(parameter) && !parameter.includes('='))
  return (parameterOf(head, 'ENCODING') || bare || '').toUpperCase()
}

/**
 * Decodes a value. Without an encoding the value is returned unchanged, since CHARSET applies only to encoded bytes.
 */
function decoded({ head, line }: Raw, value: string): string {
  const refuse: Refuse = (reason) => {
    throw new Failure('invalid', `Line ${line} of the entry's vCard (${head[0] ?? ''}) cannot be decoded: ${reason}.`)
  }
  const encoding = encodingOf(head)
  if (identityEncodings.includes(encoding)) return value
  const bytes = bytesOf(encoding, value, refuse)
  return decode(bytes, parameterOf(head, 'CHARSET') || undefined, 'its CHARSET says', refuse).replace(/\r\n?/g, '\n')
}

function bytesOf(encoding: string, value: string, refuse: Refuse): Buffer {
  if (encoding === 'BASE64' || encoding === 'B') {
    const text = value.replace(/\s/g, '')
    if (text.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64')
    return refuse('it is not base64')
  }
  if (encoding !== quotedPrintable) return refuse(`the encoding ${JSON.stringify(encoding.slice(0, 40))} is not known`)
  const wrong = /=(?![\dA-Fa-f]{2}).{0,2}|[^\t\n -~]/u.exec(value)?.[0]
  if (wrong !== undefined) refuse(`${JSON.stringify(wrong)} is not quoted-printable`)
  const bytes = value.replace(/=(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return Buffer.from(bytes, 'latin1')
}
