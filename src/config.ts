import { isIP } from 'node:net'
import { z } from 'zod'
import { misspelt } from './config-names.js'
import { Failure } from './errors.js'
import { type Mailbox, readMailbox } from './formats.js'

/**
 * One setting. `value` checks what a program gives; `text` reads an environment variable. The message of either says
 * what would be right, and never quotes the value, which may hold a password.
 */
interface Setting<Value> {
  readonly fallback: string
  readonly means: string
  readonly text: z.ZodType<Value, string>
  readonly value: z.ZodType
}

/** Every setting, by its environment variable. */
export const options = {
  PORT: { fallback: '3000', means: 'TCP port; 0 takes a free one', ...wholeNumber(0, 65535) },
  HOST: { fallback: '127.0.0.1', means: 'address to listen on', ...plain(filled()) },
  DATABASE_URL: {
    fallback: '',
    means: '`postgres://…`; without it the embedded database is used',
    ...optional(url(['postgres:', 'postgresql:'])),
  },
  POOLER: {
    fallback: 'none',
    means:
      '`transaction` if a pooler such as PgBouncer lends connections for one transaction at a time: Postgres is then ' +
      'not told to end slow statements',
    ...plain(oneOf('none', 'transaction')),
  },
  DATA_DIR: { fallback: './data', means: 'folder of the embedded database', ...plain(filled()) },
  BASE_URL: {
    fallback: '',
    means: 'public base of all links, without `/profiles`; else made from host and port',
    ...optional(publicBase()),
  },
  APP_KEY: {
    fallback: 'connections',
    means: 'app on whose behalf programs make connections under `/v2`',
    ...plain(filled()),
  },
  TOKEN_SECRET: {
    fallback: '',
    means:
      'secret from which tokens and session cookies are made, at least 32 characters, the same for every server on one ' +
      'database; older ones may follow, separated by commas; without it the file `token-secret` in `DATA_DIR`',
    ...secrets(),
  },
  TRUST_PROXY: {
    fallback: '',
    means:
      'addresses of the proxies in front, or ranges such as `10.0.0.0/8`, separated by commas: they are trusted on ' +
      'whether TLS was used, and on the address of the client',
    ...list(isRange, 'IP addresses or ranges such as 10.0.0.0/8'),
  },
  ALLOW_INSECURE: {
    fallback: 'false',
    means: 'accept credentials without TLS too, which others can read; for development',
    ...boolean(),
  },
  REQUESTS_PER_MINUTE: {
    fallback: '600',
    means: 'requests a minute that an account may send to one server; 304 answers are free',
    ...wholeNumber(1, 1_000_000),
  },
  ANONYMOUS_PER_MINUTE: {
    fallback: '600',
    means:
      'requests a minute that one address (of IPv6, one /64) may send to one server without signing in; 304 answers ' +
      'and files that pages load are free',
    ...wholeNumber(1, 1_000_000),
  },
  MAX_DELAY_MS: {
    fallback: '300',
    means:
      'milliseconds by which the event loop may be late, on average over half a second, before requests are refused ' +
      'with 503; expensive ones are refused from a third of that on',
    ...wholeNumber(10, 1_000_000),
  },
  EVENT_DAYS: {
    fallback: '400',
    means: 'days after which the audit of connections, and e-mails that were sent, are deleted',
    ...wholeNumber(2, 36_500),
  },
  REQUIRE_SIGN_IN: { fallback: 'false', means: 'require a sign-in for accepted lists and people too', ...boolean() },
  HIDE_EMAIL: { fallback: 'false', means: 'neither show nor accept e-mail addresses in any answer', ...boolean() },
  CORS_ORIGINS: {
    fallback: '',
    means:
      'origins whose pages may read and write here with the credentials of a browser, such as ' +
      '`https://intranet.example`, separated by commas',
    ...list(isOrigin, 'origins such as https://intranet.example, without a path'),
  },
  SMTP_URL: {
    fallback: '',
    means: '`smtp://` or `smtps://`, with user and password if needed; without it no e-mail is sent',
    ...optional(mailServer()),
  },
  MAIL_FROM: {
    fallback: '',
    means: 'sender of e-mail, such as `Connections <connections@example.com>`; required with `SMTP_URL`',
    ...optional(mailbox()),
  },
  LOG_LEVEL: {
    fallback: 'info',
    means: '`debug`, `info`, `warn`, `error` or `silent`',
    ...plain(oneOf('debug', 'info', 'warn', 'error', 'silent')),
  },
  ALLOW_UNKNOWN: {
    fallback: '',
    means:
      'variables of other programs whose names are close to one of these, separated by commas; any other such variable ' +
      'is taken for a misspelt setting',
    ...list((name) => /^[^\s=]+$/.test(name), 'names of variables'),
  },
} satisfies Record<string, Setting<unknown>>

type Options = typeof options

/** The settings by variable name, each read and checked. */
export type Config = { readonly [Name in keyof Options]: z.output<Options[Name]['text']> }

/**
 * Reads the settings from environment variables; an empty variable counts as not set.
 *
 * @throws Failure `invalid` with one line that lists every fault
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = []
  const values = Object.entries(options).map(([name, { fallback, text }]) => {
    const read = text.safeParse(environment[name] || fallback)
    if (!read.success) faults.push(`${name} must be ${read.error.issues[0]?.message}`)
    return [name, read.data]
  })
  const config = Object.fromEntries(values) as Config
  for (const { name, right } of misspelt(environment, Object.keys(options), config.ALLOW_UNKNOWN ?? [])) {
    faults.push(`${name} is not a setting, ${right} is (ALLOW_UNKNOWN=${name} lets it pass)`)
  }
  if (environment['SMTP_URL'] && !environment['MAIL_FROM']) faults.push('MAIL_FROM must be set if SMTP_URL is set')
  if (faults.length > 0) throw new Failure('invalid', `Wrong configuration: ${faults.join('; ')}.`)
  return config
}

/** A value that is the same in a program and in the environment. */
function plain<Value>(value: z.ZodType<Value, string>) {
  return { value, text: value }
}

/** As `plain`; an empty text is undefined. */
function optional<Value>(value: z.ZodType<Value, string>) {
  const text = z.string().transform((given) => (given === '' ? undefined : given))
  return { value, text: text.pipe(value.optional()) }
}

function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`
  const value = z.int(error).min(min, error).max(max, error)
  return { value, text: z.string().regex(/^\d+$/, error).transform(Number).pipe(value) }
}

function boolean() {
  return { value: z.boolean('true or false'), text: oneOf('true', 'false').transform((word) => word === 'true') }
}

/** A list; in the environment, its members are separated by commas. */
function list(isMember: (text: string) => boolean, members: string) {
  const of = (error: string) => z.array(z.string(error), error).refine((all) => all.every(isMember), error)
  const text = z.string().transform((all) => all.split(',').flatMap((each) => each.trim() || []))
  return { value: of(`an array of ${members}`), text: text.pipe(of(`${members}, separated by commas`)) }
}

/** Secrets of at least 32 bytes, the newest first. */
function secrets() {
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

function filled() {
  return z.string('a text that is not empty').refine((text) => text.trim() !== '', 'a text that is not empty')
}

function oneOf<const Word extends string>(...words: Word[]) {
  return z.enum(words, `one of ${words.join(', ')}`)
}

type Rule = readonly [holds: (url: URL) => boolean, error: string]

function url(schemes: readonly string[], ...rules: Rule[]) {
  const error = `an address that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`
  const all: Rule[] = [[({ protocol, host }) => schemes.includes(protocol) && host !== '', error], ...rules]
  return z.string(error).superRefine((text, context) => {
    const address = URL.canParse(text) ? new URL(text) : undefined
    const broken = address ? all.find(([holds]) => !holds(address))?.[1] : error
    if (broken !== undefined) context.addIssue(broken)
  })
}

function publicBase() {
  const base = (text: string) => `${new URL(text).origin}${new URL(text).pathname}`.replace(/\/+$/, '')
  return url(
    ['http:', 'https:'],
    [({ href, username }) => !/[?#&]/.test(href) && !username, 'an address without user, query, fragment or &'],
    [({ href }) => !base(href).endsWith('/profiles'), 'an address without /profiles at its end: links add that'],
  ).transform(base)
}

function mailServer() {
  return url(
    ['smtp:', 'smtps:'],
    [
      ({ pathname, search, hash }) => ['', '/'].includes(pathname) && !search && !hash,
      'an address without path, query and fragment',
    ],
    [
      ({ username, password }) => (username === '') === (password === ''),
      'an address with both user and password, or neither',
    ],
    [isDecodable, 'an address whose user and password have their percent signs written as %25'],
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

function mailbox() {
  return z.string().transform((text, context): Mailbox => {
    const read = readMailbox(text)
    if (!read) context.addIssue('an e-mail address, or a name and then the address in < and >')
    return read ?? { name: '', address: '' }
  })
}

function isRange(text: string): boolean {
  const [address = '', length, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128))
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text
}
