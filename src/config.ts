import { isIP } from 'node:net'
import { misspelt } from './config-names.js'
import { Failure } from './errors.js'
import { isMailAddress, type Mailbox } from './formats.js'

/** What values of settings look like: each gives the value of a text, or throws an Error that says what would do. */

const wholeNumber = (least: number, most: number) => (text: string) => {
  if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text)
  throw new Error(`a whole number from ${least} to ${most}`)
}

const oneOf =
  <const Word extends string>(...words: Word[]) =>
  (text: string): Word => {
    const word = words.find((each) => each === text)
    if (word !== undefined) return word
    throw new Error(`one of ${words.join(', ')}`)
  }

const yesOrNo = (text: string) => oneOf('true', 'false')(text) === 'true'

const anyText = (text: string) => {
  if (text.trim() !== '') return text
  throw new Error('not empty')
}

const optional =
  <Value>(read: (text: string) => Value) =>
  (text: string) =>
    text === '' ? undefined : read(text)

const url =
  (...schemes: string[]) =>
  (text: string) => {
    const address = URL.canParse(text) ? new URL(text) : undefined
    if (address && schemes.includes(address.protocol) && address.host !== '') return text
    throw new Error(`an address that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`)
  }

const publicBase = (text: string) => {
  const { origin, pathname, username } = new URL(url('http:', 'https:')(text))
  if (/[?#&]/.test(text) || username) throw new Error('an address without user, query, fragment or &')
  const base = `${origin}${pathname}`.replace(/\/+$/, '')
  if (base.endsWith('/profiles')) throw new Error('an address without /profiles at its end: links add that')
  return base
}

const origins = (text: string) => {
  const each = text.split(',').flatMap((part) => part.trim() || [])
  if (each.every((one) => URL.canParse(one) && /^https?:/.test(one) && new URL(one).origin === one)) return each
  throw new Error('origins with commas between, each as https://intranet.example, without a path')
}

const mailServer = (text: string) => {
  const { pathname, search, hash, username, password } = new URL(url('smtp:', 'smtps:')(text))
  if (!['', '/'].includes(pathname) || search || hash) throw new Error('an address without path, query and fragment')
  if ((username === '') !== (password === '')) throw new Error('an address with both user and password, or neither')
  try {
    decodeURIComponent(username + password)
  } catch {
    throw new Error('an address whose user and password have their percent signs written as %25')
  }
  return text
}

const mailbox = (text: string): Mailbox => {
  const [, name = '', framed] = /^(?:"?([^"<>\p{Cc}]*?)"?\s*)<([^<>]*)>$/u.exec(text) ?? []
  const address = framed ?? text
  if (isMailAddress(address)) return { name, address }
  throw new Error('an e-mail address, or a name and then the address in < and >')
}

const secrets = (text: string) => {
  const all = text.split(',').map((each) => each.trim())
  if (all.every((each) => each.length >= 32)) return all as [string, ...string[]]
  throw new Error('one or more secrets of at least 32 characters, with commas between them')
}

const isRange = (text: string) => {
  const [address = '', length, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128))
}

const addressRanges = (text: string): readonly string[] => {
  const ranges = text.split(',').map((range) => range.trim())
  if (text === '') return []
  if (ranges.every(isRange)) return ranges
  throw new Error('IP addresses or ranges such as 10.0.0.0/8, with commas between')
}

const names = (text: string): readonly string[] => {
  const all = text.split(',').flatMap((each) => each.trim() || [])
  if (all.every((each) => /^[^\s=]+$/.test(each))) return all
  throw new Error('names of variables with commas between')
}

interface Option<Value> {
  fallback: string
  means: string
  read: (text: string) => Value
}

/** Every setting: its environment variable, what holds without it, and what it must look like. */
export const options = {
  PORT: { fallback: '3000', means: 'TCP port; 0 takes a free one', read: wholeNumber(0, 65535) },
  HOST: { fallback: '127.0.0.1', means: 'address to listen on', read: anyText },
  DATABASE_URL: {
    fallback: '',
    means: '`postgres://…`; without it the embedded database is used',
    read: optional(url('postgres:', 'postgresql:')),
  },
  POOLER: {
    fallback: 'none',
    means:
      '`transaction` if a pooler such as PgBouncer lends connections for one transaction at a time: Postgres is then ' +
      'not told to end slow statements',
    read: oneOf('none', 'transaction'),
  },
  DATA_DIR: { fallback: './data', means: 'folder of the embedded database', read: anyText },
  BASE_URL: {
    fallback: '',
    means: 'public base of all links, without `/profiles`; else made from host and port',
    read: optional(publicBase),
  },
  APP_KEY: {
    fallback: 'connections',
    means: 'app on whose behalf programs make connections under `/v2`',
    read: anyText,
  },
  TOKEN_SECRET: {
    fallback: '',
    means:
      'secret that tokens and session cookies are made of, at least 32 characters, the same for every server on one ' +
      'database; older ones may follow, with commas between them; without it the file `token-secret` in `DATA_DIR`',
    read: optional(secrets),
  },
  TRUST_PROXY: {
    fallback: '',
    means:
      'addresses of the proxies in front, or ranges as `10.0.0.0/8`, with commas between: their word is taken for ' +
      'whether TLS was used, and for the address of the client',
    read: addressRanges,
  },
  ALLOW_INSECURE: {
    fallback: 'false',
    means: 'whether credentials are taken without TLS too, which others can read; for development',
    read: yesOrNo,
  },
  REQUESTS_PER_MINUTE: {
    fallback: '600',
    means: 'how many requests a minute an account may send to one server; those answered 304 are free',
    read: wholeNumber(1, 1_000_000),
  },
  ANONYMOUS_PER_MINUTE: {
    fallback: '600',
    means:
      'how many requests a minute one address (of IPv6, one /64) may send to one server without signing in; those ' +
      'answered 304 are free, and files that pages load',
    read: wholeNumber(1, 1_000_000),
  },
  MAX_DELAY_MS: {
    fallback: '300',
    means:
      'by how many milliseconds the event loop may be late, on average over half a second, before requests are refused ' +
      'with 503; those that cost much are refused from a third of that on',
    read: wholeNumber(10, 1_000_000),
  },
  EVENT_DAYS: {
    fallback: '400',
    means: 'after how many days the record of what happened to connections, and letters that were sent, are deleted',
    read: wholeNumber(2, 36_500),
  },
  REQUIRE_SIGN_IN: { fallback: 'false', means: 'whether accepted lists and people too need a sign-in', read: yesOrNo },
  HIDE_EMAIL: { fallback: 'false', means: 'whether no answer shows or takes e-mail addresses', read: yesOrNo },
  CORS_ORIGINS: {
    fallback: '',
    means:
      'origins whose pages may read and write here with the credentials of a browser, as `https://intranet.example`, ' +
      'with commas between',
    read: origins,
  },
  SMTP_URL: {
    fallback: '',
    means: '`smtp://` or `smtps://`, with user and password where needed; without it no e-mail is sent',
    read: optional(mailServer),
  },
  MAIL_FROM: {
    fallback: '',
    means: 'sender of e-mail, as `Connections <connections@example.com>`; required with `SMTP_URL`',
    read: optional(mailbox),
  },
  LOG_LEVEL: {
    fallback: 'info',
    means: '`debug`, `info`, `warn`, `error` or `silent`',
    read: oneOf('debug', 'info', 'warn', 'error', 'silent'),
  },
  ALLOW_UNKNOWN: {
    fallback: '',
    means:
      'variables of other programs whose names are close to one of these, with commas between; any other such variable ' +
      'is taken for a misspelt setting',
    read: names,
  },
} satisfies Record<string, Option<unknown>>

type Options = typeof options

/** The settings by variable name, each read and checked. */
export type Config = { readonly [Name in keyof Options]: ReturnType<Options[Name]['read']> }

/**
 * Reads the settings from environment variables; an empty variable counts as not set.
 *
 * @param nameOf what a setting is called where it comes from
 * @throws Failure `invalid` with one line that lists every fault, never a value that may hold a password
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  nameOf = (name: string): string => name,
): Config {
  const faults: string[] = []
  const values = Object.entries(options).map(([name, option]) => {
    try {
      return [name, option.read(environment[name] || option.fallback)]
    } catch (error) {
      faults.push(`${nameOf(name)} must be ${(error as Error).message}`)
      return [name, undefined]
    }
  })
  const config = Object.fromEntries(values) as Config
  for (const { name, right } of misspelt(environment, Object.keys(options), config.ALLOW_UNKNOWN ?? [])) {
    faults.push(`${name} is not a setting, ${right} is (ALLOW_UNKNOWN=${name} lets it pass)`)
  }
  if (environment['SMTP_URL'] && !environment['MAIL_FROM']) faults.push('MAIL_FROM must be set where SMTP_URL is')
  if (faults.length > 0) throw new Failure('invalid', `Wrong configuration: ${faults.join('; ')}.`)
  return config
}
