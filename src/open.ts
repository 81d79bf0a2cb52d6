import { pino, type Logger } from 'pino'
import { sessionKey } from './auth/session.js'
import { sweepSessions } from './auth/session-store.js'
import { readConfig } from './config.js'
import { sweep, sweepOften } from './connections/grants/sweep.js'
import { keysOf } from './connections/grants/token.js'
import { discreetLog } from './db/discreet-log.js'
import { migrate } from './db/migrate.js'
import { openDatabase } from './db/open.js'
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
  /** Whether `http` shows accepted lists and people to those alone who sign in. */
  readonly requireSignIn?: boolean
  /** Whether neither `http` nor the module shows or takes e-mail addresses. */
  readonly hideEmail?: boolean
  /** Origins whose pages may read and write through `http` with the credentials of a browser. */
  readonly corsOrigins?: readonly string[]
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

/** Opens the module on a database, whose schema is brought to the newest first. */
export async function open(options: OpenOptions = {}): Promise<App> {
  const { databaseUrl, dataDir = './data', appKey = 'connections', baseUrl } = options
  const config = readConfig({
    BASE_URL: baseUrl,
    TRUST_PROXY: options.trustProxy?.join(','),
    ALLOW_INSECURE: options.allowInsecure?.toString(),
    REQUESTS_PER_MINUTE: options.requestsPerMinute?.toString(),
    REQUIRE_SIGN_IN: options.requireSignIn?.toString(),
    HIDE_EMAIL: options.hideEmail?.toString(),
    CORS_ORIGINS: options.corsOrigins?.join(','),
  })
  const { tokenSecret: secrets = [] } = options
  const given = 'byteLength' in secrets ? [secrets] : secrets
  if (given.some(({ length }) => length < 32)) throw new Failure('invalid', 'tokenSecret must have at least 32 bytes.')
  const database = await openDatabase({ databaseUrl, dataDir }, () => {})
  const [newest = await tokenSecret(dataDir), ...older] = given
  await migrate(database.db)
  const stop = new AbortController()
  const world = await openWorld(database.db, {
    tokenKeys: keysOf([newest, ...older]),
    appKey,
    baseUrl: baseUrl ?? null,
    hidesEmail: config.HIDE_EMAIL,
  })
  const log = discreetLog(options.log ?? pino({ level: 'silent' }))
  const sweeps = sweepOften(
    [() => sweep(database.db), () => sweepSessions(database.db)],
    (error) => log.warn({ err: error }, 'nothing swept'),
    stop.signal,
  )
  const context = {
    db: database.db,
    config,
    baseUrl: baseUrl ?? 'http://localhost:3000',
    sessionKey: sessionKey(newest),
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
