import { type Logger, pino } from 'pino'
import { nearest } from '../config-names.js'
import { type Config, readConfig } from '../config.js'
import type { Database } from '../db/database.js'
import { migrate } from '../db/migrate.js'
import { openDatabase } from '../db/open.js'
import { redactedLog } from '../db/redact-log.js'
import { checkSecrets, type Secrets, secretsFrom } from '../db/token-secret.js'
import { Failure } from '../errors.js'
import { createApp } from '../http/app.js'
import { callerScope } from '../http/v2/router.js'
import { sessionKey } from '../identity/session.js'
import { presenterFor } from '../people/hide-email.js'
import { fillSearchWords } from '../people/search-store.js'
import { appIn, createModuleContext, type ModuleApp } from '../sharing/app.js'
import { keysOf } from '../sharing/grant.js'
import { release } from './release.js'
import { sweepOften } from './upkeep.js'

/** Where the data is, and how the module is used. */
export interface OpenOptions {
  /** `postgres://…`; without it the embedded database in `dataDir` is used. */
  readonly databaseUrl?: string
  /** `transaction` if a pooler in front of the server lends its connections for one transaction at a time. */
  readonly pooler?: 'none' | 'transaction'
  /** Folder of the embedded database, and of the secret that tokens are made of. */
  readonly dataDir?: string
  /**
   * That secret, 32 bytes or more, in place of the file: the same for every process on one database. Of several the first
   * makes tokens, and the others show again those that they made.
   */
  readonly tokenSecret?: Uint8Array | readonly Uint8Array[]
  /** The app of callers who name none; null for none. */
  readonly appKey?: string | null
  /** Public base of links, without `/profiles`. */
  readonly baseUrl?: string
  /** Proxies in front of `http`, by address or range; mounted in another app, it trusts those that one trusts. */
  readonly trustProxy?: readonly string[]
  /** Whether `http` takes credentials that came without TLS. */
  readonly allowInsecure?: boolean
  /** How many requests a minute `http` answers to an account. */
  readonly requestsPerMinute?: number
  /** How many requests a minute `http` answers to one address that does not sign in. */
  readonly anonymousPerMinute?: number
  /** By how many milliseconds the event loop may be late before `http` refuses requests. */
  readonly maxDelayMs?: number
  /** After how many days events of connections, and letters that were sent, are deleted. */
  readonly eventDays?: number
  /** Whether `http` shows accepted lists and people to those alone who sign in. */
  readonly requireSignIn?: boolean
  /** Whether neither `http` nor the module shows or takes e-mail addresses. */
  readonly hideEmail?: boolean
  /** Origins whose pages may read and write through `http` with the credentials of a browser. */
  readonly corsOrigins?: readonly string[]
  /**
   * How long a call of the module waits its turn while no other comes to an end, in milliseconds, before it is refused with
   * a `Fault` of status 503: by default 10,000. Twenty run at once, and 5,000 may wait.
   */
  readonly longestWaitMs?: number
  /** Where `http` logs its requests; without it nowhere. */
  readonly log?: Logger
}

/** The module, opened on a database. */
export interface App extends ModuleApp {
  /**
   * Express middleware for routes of the application's own: what comes after it acts for whoever signs in to the request
   * as to the Atom API, or for nobody.
   */
  readonly scope: ReturnType<typeof callerScope>
  /** The Atom API and the module's routes, to be served or mounted at the root of another Express app. */
  readonly http: ReturnType<typeof createApp>
  close(): Promise<void>
}

/**
 * Opens the module on a database, whose schema is brought to the newest first. Where that fails nothing stays open.
 *
 * @throws Failure `invalid` for an option that is unknown or malformed, and for a secret or a schema that is not this
 *   database's or release's; `unavailable` where another process holds `dataDir`; or the error of the database
 */
export async function open(options: OpenOptions = {}): Promise<App> {
  checkOptions(options)
  const config = configOf(options)
  const { tokenSecret: given = [] } = options
  const place = { databaseUrl: config.DATABASE_URL, dataDir: config.DATA_DIR, pooler: config.POOLER }
  const database = await openDatabase(place, () => {})
  try {
    const secrets = await secretsFrom(isBytes(given) ? [given] : given, config.DATA_DIR)
    await migrate(database.db)
    await checkSecrets(database.db, secrets)
    await fillSearchWords(database.db)
    // From here on somebody waits for every statement.
    await database.limit(6_000)
    return await appOn(database, config, secrets, options)
  } catch (error) {
    await database.close()
    throw error
  }
}

interface Kind {
  readonly is: (value: unknown) => boolean
  readonly wanted: string
}

const isText = (value: unknown) => typeof value === 'string' && value.trim() !== ''
const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array
const isSecret = (value: unknown) => isBytes(value) && value.length >= 32

const text: Kind = { is: isText, wanted: 'a text that is not empty' }
const texts: Kind = { is: (value) => Array.isArray(value) && value.every(isText), wanted: 'an array of texts' }
const truth: Kind = { is: (value) => typeof value === 'boolean', wanted: 'true or false' }
const number: Kind = { is: Number.isSafeInteger, wanted: 'a whole number' }

/** What options must be, for programs that no compiler checks; what they may hold, the settings of the same name say. */
const kinds: Record<keyof OpenOptions, Kind> = {
  databaseUrl: text,
  pooler: text,
  dataDir: text,
  tokenSecret: {
    is: (value) => isSecret(value) || (Array.isArray(value) && value.length > 0 && value.every(isSecret)),
    wanted: 'a Uint8Array, such as a Buffer, of at least 32 bytes, or an array of them with the newest first',
  },
  longestWaitMs: {
    is: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 3_600_000,
    wanted: 'a whole number of milliseconds, from 0 to 3600000',
  },
  appKey: { is: (value) => value === null || isText(value), wanted: 'a text that is not empty, or null' },
  baseUrl: text,
  trustProxy: texts,
  allowInsecure: truth,
  requestsPerMinute: number,
  anonymousPerMinute: number,
  maxDelayMs: number,
  eventDays: number,
  requireSignIn: truth,
  hideEmail: truth,
  corsOrigins: texts,
  log: {
    is: (value) => typeof (value as Logger | null)?.child === 'function',
    wanted: 'a logger of pino',
  },
}

/** @throws Failure `invalid` with the first option that is unknown or of another kind, never its value */
function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new Failure('invalid', 'The options of open must be an object.')
  }
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof OpenOptions] : undefined
    if (!kind) throw new Failure('invalid', `${name} is not an option of open. ${hint(name)}`)
    if (value !== undefined && !kind.is(value)) throw new Failure('invalid', `${name} must be ${kind.wanted}.`)
  }
}

function hint(name: string): string {
  const right = nearest(name, Object.keys(kinds))
  return right === undefined ? `The options are ${Object.keys(kinds).join(', ')}.` : `Do you mean ${right}?`
}

/** How an option is called that stands for a setting: `baseUrl` for `BASE_URL`. */
const optionOf = (setting: string) =>
  setting.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())

/** The settings of a server that a program may give. */
const configOf = (options: OpenOptions): Config =>
  readConfig(
    {
      DATABASE_URL: options.databaseUrl,
      POOLER: options.pooler,
      DATA_DIR: options.dataDir,
      BASE_URL: options.baseUrl,
      TRUST_PROXY: options.trustProxy?.join(','),
      ALLOW_INSECURE: options.allowInsecure?.toString(),
      REQUESTS_PER_MINUTE: options.requestsPerMinute?.toString(),
      ANONYMOUS_PER_MINUTE: options.anonymousPerMinute?.toString(),
      MAX_DELAY_MS: options.maxDelayMs?.toString(),
      EVENT_DAYS: options.eventDays?.toString(),
      REQUIRE_SIGN_IN: options.requireSignIn?.toString(),
      HIDE_EMAIL: options.hideEmail?.toString(),
      CORS_ORIGINS: options.corsOrigins?.join(','),
    },
    optionOf,
  )

async function appOn(
  database: Database,
  config: Config,
  secrets: Secrets,
  { appKey = 'connections', longestWaitMs, log: given = pino({ level: 'silent' }) }: OpenOptions,
): Promise<App> {
  const { db } = database
  const { BASE_URL: baseUrl } = config
  const tokenKeys = keysOf(secrets)
  const world = await createModuleContext(db, {
    tokenKeys,
    appKey,
    baseUrl: baseUrl ?? null,
    presenter: presenterFor(config.HIDE_EMAIL),
    longestWaitMs,
  })
  const log = redactedLog(given)
  const stop = new AbortController()
  const sweeps = sweepOften(db, config, (error) => log.warn({ err: error }, 'nothing swept'), stop.signal)
  const context = {
    db,
    config,
    baseUrl: baseUrl ?? 'http://localhost:3000',
    sessionKeys: secrets.map(sessionKey),
    log,
    now: () => new Date(),
  }
  // A program that serves nothing need not build what serves; the release is told by reading all code.
  const http = once(() => createApp({ ...context, release: release() }, () => false, world))
  const scope = once(() => callerScope({ ...context, release: '' }, world))
  return {
    ...appIn(world),
    get http() {
      return http()
    },
    get scope() {
      return scope()
    },
    close: async () => {
      stop.abort()
      await sweeps
      await database.close()
    },
  }
}

function once<Value>(make: () => Value): () => Value {
  let value: Value | undefined
  return () => (value ??= make())
}
