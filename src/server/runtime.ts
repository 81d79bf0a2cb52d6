import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { version } from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { Context } from '../context.js'
import type { Database } from '../db/database.js'
import { migrate } from '../db/migrate.js'
import type { Tables } from '../db/tables.js'
import { checkSecrets, type Secrets, secretsFrom } from '../db/token-secret.js'
import { callerScope, createApp } from '../http/app.js'
import { sweepSessions } from '../identity/session-store.js'
import { sessionKey } from '../identity/session.js'
import { sweepAddresses } from '../identity/throttle-store.js'
import { sweepOutbox } from '../mail/outbox-store.js'
import { openPost } from '../mail/smtp.js'
import { sendEmails } from '../mail/worker.js'
import { presenterFor } from '../people/hide-email.js'
import { fillSearchWords } from '../people/search-store.js'
import { createModuleContext } from '../sharing/app.js'
import type { ModuleContext } from '../sharing/context.js'
import { sweep, sweepEvents } from '../sharing/delete.js'
import { keysOf } from '../sharing/grant.js'

/** Everything that a process runs on one database. */
export interface Runtime {
  readonly module: ModuleContext
  /** The Atom API, its pages and `/v2`; built at the first use. */
  readonly http: ReturnType<typeof createApp>
  /** Middleware that sets the caller for routes of the mounting program; built at the first use. */
  readonly scope: ReturnType<typeof callerScope>
  /** Resolves after the last sweep and the last e-mail, once `stop` is aborted. */
  readonly ended: Promise<unknown>
}

interface RuntimeOptions {
  readonly config: Config
  readonly secrets: Secrets
  /** Public base of links; null if a program serves nothing and names none. */
  readonly baseUrl: string | null
  /** The default app key of callers. */
  readonly appKey: string | null
  /** How long a call of the module waits for its turn, in milliseconds. */
  readonly longestWaitMs?: number | undefined
  readonly log: Logger
  /** Whether this process sends the e-mails that are due, if the settings name a mail server. */
  readonly sendsEmail: boolean
  readonly stop: AbortSignal
}

/**
 * Migrates the schema, checks the secrets, and fills in missing search words.
 *
 * @returns the secrets of `TOKEN_SECRET`, otherwise of the file in `DATA_DIR`
 * @throws Failure `invalid` if the secret belongs to another database, or the schema to an incompatible release
 */
export async function prepareDatabase(db: Kysely<Tables>, config: Config): Promise<Secrets> {
  await migrate(db)
  const secrets = await secretsFrom(config)
  await checkSecrets(db, secrets)
  await fillSearchWords(db)
  return secrets
}

/**
 * The composition root: `serve` and `open` both start here, on a database that `prepareDatabase` prepared. Everything
 * that a process remembers between requests is made below:
 *
 * | cache                                   | in                                          |
 * | --------------------------------------- | ------------------------------------------- |
 * | statements                              | `db/prepared`, once for each shape          |
 * | release, document templates, page files | `release` below, `atom/template`, `pages/links` |
 * | checked passwords, known addresses      | `identity/password-sign-in`                 |
 * | cleaned messages                        | `connections/message`                       |
 * | requests of a minute                    | `http/caller`                               |
 */
export async function startRuntime(database: Database, options: RuntimeOptions): Promise<Runtime> {
  const { db } = database
  const { config, secrets, baseUrl, appKey, longestWaitMs, log, sendsEmail, stop } = options
  // From here on, callers wait for every statement.
  await database.limit(6_000)
  const module = await createModuleContext(db, {
    tokenKeys: keysOf(secrets),
    appKey,
    baseUrl,
    presenter: presenterFor(config.HIDE_EMAIL),
    longestWaitMs,
  })
  const context: Omit<Context, 'release'> = {
    db,
    config,
    baseUrl: baseUrl ?? 'http://localhost:3000',
    sessionKeys: secrets.map(sessionKey),
    log,
    now: () => new Date(),
  }
  const http = once(() => createApp({ ...context, release: release() }, () => stop.aborted, module))
  const scope = once(() => callerScope({ ...context, release: '' }, module))
  const emails = sendsEmail ? sendDueEmails(context, module, stop) : undefined
  return {
    module,
    get http() {
      return http()
    },
    get scope() {
      return scope()
    },
    ended: Promise.all([sweepUntil(stop, db, config, log), emails]),
  }
}

/** Without a mail server, e-mails are left to a server that has one. */
function sendDueEmails(
  { db, config, baseUrl, log }: Omit<Context, 'release'>,
  { tokenKeys }: ModuleContext,
  stop: AbortSignal,
): Promise<void> | undefined {
  const { SMTP_URL, MAIL_FROM } = config
  if (!SMTP_URL || !MAIL_FROM) return undefined
  const post = openPost(SMTP_URL, MAIL_FROM, new URL(baseUrl).hostname)
  return sendEmails({ db, log, post, baseUrl, tokenKeys, random: Math.random }, stop)
}

const sweepIntervalMs = 600_000

/**
 * Deletes expired rows and fills in missing search words, every ten minutes until stopped. Any number of processes may
 * do this. Never rejects: a step that fails is tried again the next time.
 */
async function sweepUntil(stop: AbortSignal, db: Kysely<Tables>, { EVENT_DAYS }: Config, log: Logger): Promise<void> {
  const failed = (error: unknown) => log.warn({ err: error }, 'sweep failed')
  while (!stop.aborted) {
    await sweep(db, stop).catch(failed)
    await sweepSessions(db, stop).catch(failed)
    await sweepAddresses(db, stop).catch(failed)
    await sweepEvents(db, EVENT_DAYS, stop).catch(failed)
    await sweepOutbox(db, EVENT_DAYS, stop).catch(failed)
    await fillSearchWords(db, stop).catch(failed)
    await wait(sweepIntervalMs, undefined, { signal: stop }).catch(() => {})
  }
}

/** Identifies the code and the Node that runs it. Part of every entity tag, since other code may write other bytes. */
function release(): string {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const hash = createHash('sha256').update(version)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  for (const file of files.sort()) hash.update(readFileSync(`${root}/${file}`))
  return hash.digest('base64url').slice(0, 16)
}

function once<Value>(make: () => Value): () => Value {
  let value: Value | undefined
  return () => (value ??= make())
}
