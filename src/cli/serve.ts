import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { fillSearchWords } from '../accounts/search-words-store.js'
import { sessionKey } from '../auth/session.js'
import type { Config } from '../config.js'
import { keysOf } from '../connections/grants/token.js'
import { migrate } from '../db/migrate.js'
import type { Database } from '../db/open.js'
import { checkSecrets, type Secrets, secretsFrom } from '../db/token-secret.js'
import { findCastMember, forbidCast, loadCast } from '../directory/cast.js'
import { Failure } from '../errors.js'
import { createApp } from '../http/app.js'
import { openServer } from '../http/server.js'
import { openPost } from '../letters/post.js'
import { sendLetters } from '../letters/sender.js'
import { sweepOften } from '../module/upkeep.js'
import { openWorld } from '../module/world.js'
import { castForbidden, greeting, isOwnMachine } from './greeting.js'
import { release } from '../http/release.js'
import type { Terminal } from './terminal.js'

/**
 * Serves until told to stop, then finishes what is in flight. Where the feed is goes to the terminal's output.
 *
 * @param stop aborted when the server is to stop
 */
export async function serveCommand(
  terminal: Terminal,
  database: Database,
  config: Config,
  log: Logger,
  stop: AbortSignal,
): Promise<void> {
  const { db } = database
  await migrate(db)
  const secrets = await secretsOf(config)
  await checkSecrets(db, secrets)
  await fillSearchWords(db)
  const isLocal = isOwnMachine(config)
  if (isLocal && config.DATABASE_URL === undefined) await loadCast(db)
  if (!isLocal && (await forbidCast(db))) terminal.output.write(castForbidden)

  // From here on somebody waits for every statement.
  await database.limit(6_000)

  const server = openServer(log)
  await listen(server, config)
  const own = addressOf(server, config.HOST)
  const baseUrl = config.BASE_URL ?? own
  const isStopping = () => stop.aborted
  const module = await openWorld(db, {
    tokenKeys: keysOf(secrets),
    appKey: config.APP_KEY,
    baseUrl,
    hidesEmail: config.HIDE_EMAIL,
  })
  const context = {
    db,
    config,
    baseUrl,
    sessionKeys: secrets.map(sessionKey),
    release: release(),
    log,
    now: () => new Date(),
  }
  server.on('request', createApp(context, isStopping, module))
  terminal.output.write(greeting(config, own, isLocal ? await findCastMember(db) : undefined))

  const { SMTP_URL, MAIL_FROM } = config
  const post = SMTP_URL && MAIL_FROM && openPost(SMTP_URL, MAIL_FROM, new URL(baseUrl).hostname)
  // Without a mail server, e-mails are left to a server that has one.
  const letters =
    post && sendLetters({ db, log, post, baseUrl, tokenKeys: module.tokenKeys, random: Math.random }, stop)

  const sweeps = sweepOften(db, config, (error) => log.warn({ err: error }, 'nothing swept'), stop)

  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve))
  await Promise.all([drain(server), letters, sweeps])
}

/** The secrets that the settings give, else that of the file. */
export const secretsOf = ({ TOKEN_SECRET, DATA_DIR }: Config): Promise<Secrets> =>
  secretsFrom(
    (TOKEN_SECRET ?? []).map((each) => Buffer.from(each)),
    DATA_DIR,
  )

function listen(server: Server, { HOST, PORT }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'EADDRINUSE' ? 'it is taken; set PORT to another, or to 0 for a free one' : cause.message
      reject(new Failure('unavailable', `Cannot listen on port ${PORT} of ${HOST}: ${reason}.`, { cause }))
    })
    server.listen(PORT, HOST, resolve)
  })
}

/** Where a client on this machine reaches the server. */
function addressOf(server: Server, host: string): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${(server.address() as AddressInfo).port}`
}

/**
 * Lets every request finish that has come in. For a moment the server goes on as before, except that it says it is
 * stopping: what is under way to it still gets an answer. Then a connection is closed as soon as it is idle.
 */
async function drain(server: Server): Promise<void> {
  await wait(1_000)
  const closed = new Promise((resolve) => server.close(resolve))
  const deadline = wait(25_000, undefined, { ref: false }).then(() => server.closeAllConnections())
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  await Promise.race([closed, deadline])
  clearInterval(idle)
}
