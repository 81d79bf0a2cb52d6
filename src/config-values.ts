import { isIP } from 'node:net'
import { z } from 'zod'
import { type Mailbox, readMailbox } from './formats.js'

// The formats of settings. A setting needs two schemas: `value` validates an option passed by a program, `text` parses
// an environment variable. `plain` and `optional` make both from a single schema.

/** A format with one schema for both program options and environment variables. */
export function plain<Value>(value: z.ZodType<Value, string>) {
  return { value, text: value }
}

/** Like `plain`, but an empty environment variable is read as undefined. */
export function optional<Value>(value: z.ZodType<Value, string>) {
  const text = z.string().transform((given) => (given === '' ? undefined : given))
  return { value, text: text.pipe(value.optional()) }
}

/** A whole number in a range. */
export function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`
  const value = z.int(error).min(min, error).max(max, error)
  return { value, text: z.string().regex(/^\d+$/, error).transform(Number).pipe(value) }
}

/** `true` or `false`. */
export function boolean() {
  return { value: z.boolean('true or false'), text: oneOf('true', 'false').transform((word) => word === 'true') }
}

/** A list; comma-separated in the environment. @param members describes valid members, for error messages */
export function list(isMember: (text: string) => boolean, members: string) {
  const of = (error: string) => z.array(z.string(error), error).refine((all) => all.every(isMember), error)
  const text = z.string().transform((all) => all.split(',').flatMap((each) => each.trim() || []))
  return { value: of(`an array of ${members}`), text: text.pipe(of(`${members}, separated by commas`)) }
}

/** Secrets of at least 32 bytes, the newest first. */
export function secrets() {
  const error = 'a Uint8Array, such as a Buffer, of at least 32 bytes, or an array of them with the newest first'
  const isSecret = (given: unknown): given is Uint8Array => given instanceof Uint8Array && given.length >= 32
  const value = z
    .custom<Uint8Array | readonly Uint8Array[]>(
      (given) => isSecret(given) || (Array.isArray(given) && given.length > 0 && given.every(isSecret)),
      error,
    )
    .transform((given) => (isSecret(given) ? [given] : given))
  const text = z.string().transform((given, context): readonly Uint8Array[] | undefined => {
    if (given === '') return undefined
    const all = given.split(',').map((each) => each.trim())
    if (all.some(({ length }) => length < 32))
      context.addIssue('one or more secrets of at least 32 characters, separated by commas')
    return all.map((each) => Buffer.from(each))
  })
  return { value, text }
}

/** A string that is not blank. */
export function filled() {
  return z.string('a non-empty string').refine((text) => text.trim() !== '', 'a non-empty string')
}

/** One of the given words. */
export function oneOf<const Word extends string>(...words: Word[]) {
  return z.enum(words, `one of ${words.join(', ')}`)
}

type Rule = readonly [holds: (url: URL) => boolean, error: string]

/** A URL with one of these schemes, and a host. @param rules further conditions, each with its error message */
export function url(schemes: readonly string[], ...rules: Rule[]) {
  const error = `a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`
  const all: Rule[] = [[({ protocol, host }) => schemes.includes(protocol) && host !== '', error], ...rules]
  return z.string(error).superRefine((text, context) => {
    const address = URL.canParse(text) ? new URL(text) : undefined
    const broken = address ? all.find(([holds]) => !holds(address))?.[1] : error
    if (broken !== undefined) context.addIssue(broken)
  })
}

/** The public base of links, without a slash at the end. */
export function publicBase() {
  const base = (text: string) => `${new URL(text).origin}${new URL(text).pathname}`.replace(/\/+$/, '')
  return url(
    ['http:', 'https:'],
    [({ href, username }) => !/[?#&]/.test(href) && !username, 'a URL without user, query, fragment or &'],
    [({ href }) => !base(href).endsWith('/profiles'), 'a URL without /profiles at its end, since links add it'],
  ).transform(base)
}

/** The URL of a mail server, with user and password if needed. */
export function mailServer() {
  return url(
    ['smtp:', 'smtps:'],
    [
      ({ pathname, search, hash }) => ['', '/'].includes(pathname) && !search && !hash,
      'a URL without path, query and fragment',
    ],
    [
      ({ username, password }) => (username === '') === (password === ''),
      'a URL with both user and password, or neither',
    ],
    [isDecodable, 'a URL with valid percent-encoding in user and password'],
  )
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

/** The sender of e-mails: an address, optionally with a name. */
export function mailbox() {
  return z.string().transform((text, context): Mailbox => {
    const read = readMailbox(text)
    if (!read) context.addIssue('an e-mail address, or a name followed by the address in < and >')
    return read ?? { name: '', address: '' }
  })
}

/** Whether a text is an IP address, or a range in CIDR notation. */
export function isRange(text: string): boolean {
  const [address = '', length, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128))
}

/** Whether a text is an HTTP or HTTPS origin, such as `https://intranet.example`. */
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text
}
