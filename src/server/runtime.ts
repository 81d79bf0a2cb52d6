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

/** The parts of a process that use one database. */
export interface Runtime {
  readonly module: ModuleContext
  /** The Atom API, its pages and `/v2`; created on first use. */
  readonly http: ReturnType<typeof createApp>
  /** Middleware that sets the caller for an application's own routes; created on first use. */
  readonly scope: ReturnType<typeof callerScope>
  /** Resolves after the last sweep and the last e-mail, once `stop` is aborted. */
  readonly ended: Promise<unknown>
}

interface RuntimeOptions {
  readonly config: Config
  readonly secrets: Secrets
  /** Public base URL of links; null if the application does not set one. */
  readonly baseUrl: string | null
  /** The default app key of callers. */
  readonly appKey: string | null
  /** As in `OpenOptions`. */
  readonly longestWaitMs?: number | undefined
  readonly log: Logger
  /** Whether this process sends queued e-mails, if a mail server is set. */
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
 * The composition root of `serve` and `open`. The database must be prepared (`prepareDatabase`). The main state that a
 * process keeps between requests:
 *
 * | state                                 | place                       |
 * | ------------------------------------- | --------------------------- |
 * | compiled statements                   | `db/prepared`               |
 * | digest of the code                    | `release` below             |
 * | document templates                    | `atom/template`             |
 * | page files                            | `pages/links`               |
 * | checked passwords, known addresses    | `identity/password-sign-in` |
 * | sanitized messages                    | `connections/message`       |
 * | senders of valid credentials          | `identity/known-credentials` |
 * | rendered pages                        | `http/fast/pages`           |
 * | queries and fields that come again    | `http/fast/remembered`      |
 * | request counts of the current minute  | `http/caller`               |
 * | accounts that are sending bodies      | `http/request/body`         |
 */
export async function startRuntime(database: Database, options: RuntimeOptions): Promise<Runtime> {
  const { db } = database
  const { config, secrets, baseUrl, appKey, longestWaitMs, log, sendsEmail, stop } = options
  // From here on, callers wait for every statement, so statements have a timeout.
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
    stop,
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

/** Without a mail server in the settings, e-mails stay in the queue for a process that has one. */
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

/** Identifies the code and the Node version. Part of most entity tags, since other code may produce other content. */
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
