import type { Kysely } from 'kysely'
import { pino, type Logger } from 'pino'
import { isUuid } from './accounts/account.js'
import { keepRole } from './accounts/change-store.js'
import { findSignIn } from './accounts/sign-in-store.js'
import { sessionKey } from './auth/session.js'
import { sweepSessions } from './auth/session-store.js'
import { readConfig } from './config.js'
import { findKnown, keepApp } from './connections/grants/directory-store.js'
import type { Instance, ObjectDefinition } from './connections/grants/object-type.js'
import { removeContext } from './connections/grants/remove-context.js'
import { sweep, sweepOften } from './connections/grants/sweep.js'
import { keysOf } from './connections/grants/token.js'
import { migrate } from './db/migrate.js'
import { openDatabase } from './db/open.js'
import type { Tables } from './db/tables.js'
import { tokenSecret } from './db/token-secret.js'
import { Failure } from './errors.js'
import { createApp } from './http/app.js'
import { release } from './http/release.js'
import { callerScope } from './http/scope.js'
import { type Connections, connectionsIn } from './module/connections.js'
import { type Caller, type ModuleWorld, type Privileges, runIn } from './module/scope.js'
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
  /** Where `http` logs its requests; without it nowhere. */
  readonly log?: Logger
}

/** The module, opened on a database. */
export interface App {
  /**
   * Runs a function for an account: what it calls of the module acts on that account's behalf.
   *
   * @param account account id, user id, login or e-mail address; null for nobody
   * @throws Failure `notFound` where nobody goes by that name
   */
  runAs<Result>(
    account: string | null,
    privileges: Privileges,
    work: (caller: Caller) => Promise<Result>,
  ): Promise<Result>
  /** The functions of the module, for one caller. */
  connectionsFor(caller: Caller): Connections
  /** Makes a type of object known. @throws TypeError for a name that is malformed or taken, or a title that is no property */
  defineObject<Loaded extends Instance>(definition: ObjectDefinition<Loaded>): void
  /**
   * Deletes every connection with an object that is no more; to be called once the object can no longer be loaded.
   *
   * @param objects its type, in singular or plural
   * @returns how many there were
   * @throws Fault `invalidArgument.object` for a type that is unknown, and for accounts
   */
  removeContext(objects: string, id: string): Promise<number>
  /** Makes a role known that connections can impart. */
  defineRole(role: string): Promise<void>
  /** Makes an app known, with the base of its pages; its letters lead to `connection/<token>` there. */
  defineApp(key: string, baseUrl?: string): Promise<void>
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
    ALLOW_INSECURE: options.allowInsecure ? 'true' : undefined,
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
  })
  const log = options.log ?? pino({ level: 'silent' })
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

/** The module in a world that is there already. */
export function appIn(world: ModuleWorld): Omit<App, 'close' | 'http' | 'scope'> {
  const { db } = world
  return {
    runAs: async (account, privileges, work) => {
      const caller = { ...privileges, accountId: account === null ? null : await accountId(db, account) }
      return runIn({ world, caller }, () => work(caller))
    },
    connectionsFor: (caller) => connectionsIn(() => ({ world, caller })),
    defineObject: (definition) => world.types.define(definition as unknown as ObjectDefinition),
    removeContext: (objects, id) => removeContext(world, objects, id),
    defineRole: (role) => keepRole(db, role),
    defineApp: (key, base) => keepApp(db, key, base),
  }
}

async function accountId(db: Kysely<Tables>, name: string): Promise<string> {
  const [known] = isUuid(name) ? await findKnown(db, [name]) : []
  const account = known?.account ?? (await findSignIn(db, name))?.account
  if (account) return account.id
  throw new Failure('notFound', `Nobody goes by the name ${name}.`)
}
