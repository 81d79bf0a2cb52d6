import { type Logger, pino } from 'pino'
import { z } from 'zod'
import { nearest } from '../config-names.js'
import { type Config, options as settings, readConfig } from '../config.js'
import { openDatabase } from '../db/open.js'
import { redactedLog } from '../db/redact-log.js'
import { Failure } from '../errors.js'
import { appIn, type ModuleApp } from '../sharing/app.js'
import { prepareDatabase, type Runtime, startRuntime } from './runtime.js'

/** The options of `open`. */
export interface OpenOptions {
  /** `postgres://…`. By default, the embedded database in `dataDir` is used. */
  readonly databaseUrl?: string
  /** Use `transaction` behind a pooler that assigns connections per transaction. */
  readonly pooler?: 'none' | 'transaction'
  /** Folder of the embedded database, and of the file with the token secret. */
  readonly dataDir?: string
  /**
   * The token secret, instead of the file in `dataDir`: at least 32 bytes, the same for every process on a database. In
   * a list, the first secret makes new tokens; tokens made with the others stay valid.
   */
  readonly tokenSecret?: Uint8Array | readonly Uint8Array[]
  /** The default app key of callers; null for none. */
  readonly appKey?: string | null
  /** Public base URL of links, without `/profiles`. */
  readonly baseUrl?: string
  /**
   * Addresses or ranges of the proxies that `http` trusts. By default, a mounted `http` trusts the proxies of the app
   * that mounts it.
   */
  readonly trustProxy?: readonly string[]
  /** Whether `http` accepts credentials without TLS. */
  readonly allowInsecure?: boolean
  /** Requests per minute that an account may send to `http`. */
  readonly requestsPerMinute?: number
  /** Requests per minute that a network may send to `http` without a sign-in. */
  readonly anonymousPerMinute?: number
  /** The delay of the event loop, in milliseconds, above which `http` refuses requests. */
  readonly maxDelayMs?: number
  /** Days to keep connection events, and e-mails that were sent, dropped or given up. */
  readonly eventDays?: number
  /** Whether `http` requires a sign-in also to read accepted lists and profiles. */
  readonly requireSignIn?: boolean
  /** Whether `http` and the module hide e-mail addresses, and refuse requests that name people by them. */
  readonly hideEmail?: boolean
  /** Origins of pages that may read and write through `http` with the credentials of the browser. */
  readonly corsOrigins?: readonly string[]
  /**
   * Twenty calls of the module run at once, and 5,000 may wait. If no call ends for this many milliseconds (10,000 by
   * default), waiting calls are refused with a `Fault` of status 503.
   */
  readonly longestWaitMs?: number
  /** Logger of the requests to `http`. By default, nothing is logged. */
  readonly log?: Logger
}

/** The module, opened on a database. */
export interface App extends ModuleApp, Pick<Runtime, 'http' | 'scope'> {
  /**
   * Express middleware for the application's own routes. In these routes, module calls act for the account that sent
   * the request, or for an anonymous caller. Requests sign in as for the Atom API.
   */
  readonly scope: Runtime['scope']
  /** The Atom API and the module's routes. Serve it, or mount it at the root of another Express app. */
  readonly http: Runtime['http']
  close(): Promise<void>
}

/**
 * Migrates a database and opens the module on it. Closes the database after an error.
 *
 * @throws Failure `invalid` for an unknown or malformed option, for a secret of another database, and for a schema of
 *   an incompatible release; `unavailable` if another process holds `dataDir`; or the error of the database
 */
export async function open(options: OpenOptions = {}): Promise<App> {
  const { appKey = 'connections', longestWaitMs, log = pino({ level: 'silent' }), ...given } = readOptions(options)
  const config = { ...readConfig({}), ...bySetting(given) }
  const place = { databaseUrl: config.DATABASE_URL, dataDir: config.DATA_DIR, pooler: config.POOLER }
  const database = await openDatabase(place, () => {})
  const stop = new AbortController()
  try {
    const runtime = await startRuntime(database, {
      config,
      secrets: await prepareDatabase(database.db, config),
      baseUrl: config.BASE_URL ?? null,
      appKey,
      longestWaitMs,
      log: redactedLog(log),
      sendsEmail: false,
      stop: stop.signal,
    })
    return {
      ...appIn(runtime.module),
      get http() {
        return runtime.http
      },
      get scope() {
        return runtime.scope
      },
      close: async () => {
        stop.abort()
        await runtime.ended
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

const waiting = 'a whole number of milliseconds, from 0 to 3600000'

const optionsSchema = z
  .strictObject({
    databaseUrl: settings.DATABASE_URL.value,
    pooler: settings.POOLER.value,
    dataDir: settings.DATA_DIR.value,
    tokenSecret: settings.TOKEN_SECRET.value,
    baseUrl: settings.BASE_URL.value,
    trustProxy: settings.TRUST_PROXY.value,
    allowInsecure: settings.ALLOW_INSECURE.value,
    requestsPerMinute: settings.REQUESTS_PER_MINUTE.value,
    anonymousPerMinute: settings.ANONYMOUS_PER_MINUTE.value,
    maxDelayMs: settings.MAX_DELAY_MS.value,
    eventDays: settings.EVENT_DAYS.value,
    requireSignIn: settings.REQUIRE_SIGN_IN.value,
    hideEmail: settings.HIDE_EMAIL.value,
    corsOrigins: settings.CORS_ORIGINS.value,
    appKey: settings.APP_KEY.value.nullable(),
    longestWaitMs: z.int(waiting).min(0, waiting).max(3_600_000, waiting),
    log: z.custom<Logger>((value) => typeof (value as Logger | null)?.child === 'function', 'a pino logger'),
  } satisfies Record<keyof OpenOptions, z.ZodType>)
  .partial()

/** @throws Failure `invalid` with the name of the first invalid option, never its value */
function readOptions(options: unknown): z.output<typeof optionsSchema> {
  const { data, error } = optionsSchema.safeParse(options)
  if (data) return data
  const [issue] = error.issues
  if (issue?.code === 'unrecognized_keys') {
    const [name = ''] = issue.keys
    throw new Failure('invalid', `${name} is not an option of open. ${hint(name)}`)
  }
  const [name] = issue?.path ?? []
  if (name === undefined) throw new Failure('invalid', 'The options of open must be an object.')
  throw new Failure('invalid', `${String(name)} must be ${issue?.message}.`)
}

function hint(name: string): string {
  const names = Object.keys(optionsSchema.shape)
  const right = nearest(name, names)
  return right === undefined ? `The options are ${names.join(', ')}.` : `Did you mean ${right}?`
}

/** Options by the name of their setting: `baseUrl` becomes `BASE_URL`. */
const bySetting = (options: Partial<OpenOptions>): Partial<Config> =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.replaceAll(/[A-Z]/g, '_$&').toUpperCase(), value]],
    ),
  )
