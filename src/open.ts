import { pino, type Logger } from 'pino'
import { fillSearchWords } from './accounts/search-words-store.js'
import { sessionKey } from './auth/session.js'
import { sweepSessions } from './auth/session-store.js'
import { type Config, readConfig } from './config.js'
import { sweep, sweepOften } from './connections/grants/sweep.js'
import { keysOf } from './connections/grants/token.js'
import { discreetLog } from './db/discreet-log.js'
import { migrate } from './db/migrate.js'
import { type Database, openDatabase } from './db/open.js'
import { tokenSecret } from './db/token-secret.js'
import { Failure } from './errors.js'
import { createApp } from './http/app.js'
import { release } from './http/release.js'
import { callerScope } from './http/scope.js'
import { appIn, type ModuleApp } from './module/app.js'
import { openWorld } from './module/world.js'

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
 * @throws Failure `invalid` for an option or a secret that is none, `unavailable` where another process holds `dataDir`; or
 *   the error of the database
 */
export async function open(options: OpenOptions = {}): Promise<App> {
  const config = configOf(options)
  const { databaseUrl, dataDir = './data', tokenSecret: secrets = [], longestWaitMs = 0 } = options
  if (!Number.isInteger(longestWaitMs) || longestWaitMs < 0 || longestWaitMs > 3_600_000) {
    throw new Failure('invalid', 'longestWaitMs must be a whole number of milliseconds, from 0 to 3600000.')
  }
  const given = 'byteLength' in secrets ? [secrets] : secrets
  if (given.some(({ length }) => length < 32)) throw new Failure('invalid', 'tokenSecret must have at least 32 bytes.')
  const database = await openDatabase({ databaseUrl, dataDir, pooler: config.POOLER }, () => {})
  try {
    const [newest = await tokenSecret(dataDir), ...older] = given
    await migrate(database.db)
    await fillSearchWords(database.db)
    // From here on somebody waits for every statement.
    await database.limit(6_000)
    return await appOn(database, config, [newest, ...older], options)
  } catch (error) {
    await database.close()
    throw error
  }
}

/** The settings of a server that a program may give. */
const configOf = (options: OpenOptions): Config =>
  readConfig({
    POOLER: options.pooler,
    BASE_URL: options.baseUrl,
    TRUST_PROXY: options.trustProxy?.join(','),
    ALLOW_INSECURE: options.allowInsecure?.toString(),
    REQUESTS_PER_MINUTE: options.requestsPerMinute?.toString(),
    ANONYMOUS_PER_MINUTE: options.anonymousPerMinute?.toString(),
    MAX_DELAY_MS: options.maxDelayMs?.toString(),
    REQUIRE_SIGN_IN: options.requireSignIn?.toString(),
    HIDE_EMAIL: options.hideEmail?.toString(),
    CORS_ORIGINS: options.corsOrigins?.join(','),
  })

async function appOn(
  database: Database,
  config: Config,
  secrets: readonly [Uint8Array, ...Uint8Array[]],
  { appKey = 'connections', longestWaitMs, log: given = pino({ level: 'silent' }) }: OpenOptions,
): Promise<App> {
  const { db } = database
  const { BASE_URL: baseUrl, HIDE_EMAIL: hidesEmail } = config
  const tokenKeys = keysOf(secrets)
  const world = await openWorld(db, { tokenKeys, appKey, baseUrl: baseUrl ?? null, hidesEmail, longestWaitMs })
  const log = discreetLog(given)
  const stop = new AbortController()
  const sweeps = sweepOften(
    [() => sweep(db), () => sweepSessions(db), () => fillSearchWords(db)],
    (error) => log.warn({ err: error }, 'nothing swept'),
    stop.signal,
  )
  const context = {
    db,
    config,
    baseUrl: baseUrl ?? 'http://localhost:3000',
    sessionKey: sessionKey(secrets[0]),
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
