import type { z } from 'zod'
import { misspelt } from './config-names.js'
import {
  boolean,
  filled,
  isOrigin,
  isRange,
  list,
  mailbox,
  mailServer,
  oneOf,
  optional,
  plain,
  publicBase,
  secrets,
  url,
  wholeNumber,
} from './config-values.js'
import { Failure } from './errors.js'

/**
 * A setting. Its error messages describe valid values. They never quote the given value, since it may contain a
 * password.
 */
interface Setting<Value> {
  readonly fallback: string
  /** The description shown in docs/operating.md. */
  readonly means: string
  /** Parses an environment variable. */
  readonly text: z.ZodType<Value, string>
  /** Validates an option passed by a program. */
  readonly value: z.ZodType
}

/** All settings, by the name of their environment variable. */
export const options = {
  PORT: { fallback: '3000', means: 'TCP port; 0 picks a free one', ...wholeNumber(0, 65535) },
  HOST: { fallback: '127.0.0.1', means: 'address to listen on', ...plain(filled()) },
  DATABASE_URL: {
    fallback: '',
    means: '`postgres://…`; the default is the embedded database',
    ...optional(url(['postgres:', 'postgresql:'])),
  },
  POOLER: {
    fallback: 'none',
    means:
      '`transaction` behind a pooler such as PgBouncer that assigns connections per transaction; the server then ' +
      'sets no statement timeouts in Postgres',
    ...plain(oneOf('none', 'transaction')),
  },
  DATA_DIR: { fallback: './data', means: 'folder of the embedded database', ...plain(filled()) },
  BASE_URL: {
    fallback: '',
    means: 'public base of all links, without `/profiles`; the default is made of host and port',
    ...optional(publicBase()),
  },
  APP_KEY: {
    fallback: 'connections',
    means: 'app key of connections created under `/v2`',
    ...plain(filled()),
  },
  TOKEN_SECRET: {
    fallback: '',
    means:
      'secret from which tokens and session cookies are derived, at least 32 characters, the same for every server ' +
      'of a database; older secrets may follow, separated by commas; the default is the file `token-secret` in ' +
      '`DATA_DIR`',
    ...secrets(),
  },
  TRUST_PROXY: {
    fallback: '',
    means:
      'addresses of trusted reverse proxies, or ranges such as `10.0.0.0/8`, separated by commas; the server ' +
      'trusts their header fields about TLS and the client address',
    ...list(isRange, 'IP addresses or ranges such as 10.0.0.0/8'),
  },
  ALLOW_INSECURE: {
    fallback: 'false',
    means: 'accept credentials without TLS, which others on the network can read; for development',
    ...boolean(),
  },
  REQUESTS_PER_MINUTE: {
    fallback: '600',
    means: 'requests per minute of one account to one server; 304 answers are free',
    ...wholeNumber(1, 1_000_000),
  },
  ANONYMOUS_PER_MINUTE: {
    fallback: '600',
    means:
      'requests per minute of one client address (IPv6: one /64) to one server without a sign-in; 304 answers and ' +
      'static files are free',
    ...wholeNumber(1, 1_000_000),
  },
  MAX_DELAY_MS: {
    fallback: '300',
    means:
      'average delay of the event loop over half a second, in milliseconds, above which requests are refused with ' +
      '503; expensive requests are refused above a third of it',
    ...wholeNumber(10, 1_000_000),
  },
  EVENT_DAYS: {
    fallback: '400',
    means: 'days to keep connection events (the audit log), and e-mails after they were sent, dropped or given up',
    ...wholeNumber(2, 36_500),
  },
  REQUIRE_SIGN_IN: { fallback: 'false', means: 'require a sign-in for accepted lists and people too', ...boolean() },
  HIDE_EMAIL: { fallback: 'false', means: 'show no e-mail addresses, and refuse them as names', ...boolean() },
  CORS_ORIGINS: {
    fallback: '',
    means:
      'origins whose pages may read and write with the credentials of the browser, such as ' +
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
  FAST: {
    fallback: 'on',
    means: '`off` sends every request through Express and caches no rendered pages, for comparisons and debugging',
    ...plain(oneOf('on', 'off')),
  },
  KEEP_MB: {
    fallback: '64',
    means: 'memory for the cache of rendered pages, in MB; 0 turns it off',
    ...wholeNumber(0, 100_000),
  },
  LOG_POLLS: {
    fallback: 'minute',
    means: '`all` logs each poll that is answered with 304; by default, a line a minute for each route counts them',
    ...plain(oneOf('minute', 'all')),
  },
  LOG_LEVEL: {
    fallback: 'info',
    means: '`debug`, `info`, `warn`, `error` or `silent`',
    ...plain(oneOf('debug', 'info', 'warn', 'error', 'silent')),
  },
  ALLOW_UNKNOWN: {
    fallback: '',
    means:
      'variables of other programs whose names resemble a setting, separated by commas; any other such variable is ' +
      'refused as a misspelt setting',
    ...list((name) => /^[^\s=]+$/.test(name), 'names of variables'),
  },
} satisfies Record<string, Setting<unknown>>

type Options = typeof options

/** The settings by variable name, each read and checked. */
export type Config = { readonly [Name in keyof Options]: z.output<Options[Name]['text']> }

/**
 * Reads the settings from environment variables; an empty variable counts as not set.
 *
 * @throws Failure `invalid` with one line that lists all errors
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
    faults.push(`${name} is not a setting; did you mean ${right}? (ALLOW_UNKNOWN=${name} permits it)`)
  }
  if (environment['SMTP_URL'] && !environment['MAIL_FROM']) faults.push('MAIL_FROM must be set if SMTP_URL is set')
  if (faults.length > 0) throw new Failure('invalid', `Wrong configuration: ${faults.join('; ')}.`)
  return config
}
