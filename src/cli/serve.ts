import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { Database } from '../db/database.js'
import { Failure } from '../errors.js'
import { isLoopback } from '../formats.js'
import { openServer } from '../http/server.js'
import { prepareDatabase, startRuntime } from '../server/runtime.js'
import { castPassword, findCastMember, forbidCast, loadCast } from '../transfer/example.js'
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
  const secrets = await prepareDatabase(db, config)
  const isLocal = isOwnMachine(config)
  if (isLocal && config.DATABASE_URL === undefined) await loadCast(db)
  if (!isLocal && (await forbidCast(db))) terminal.output.write(castForbidden)

  const server = openServer(log)
  await listen(server, config)
  const own = addressOf(server, config.HOST)
  const runtime = await startRuntime(database, {
    config,
    secrets,
    baseUrl: config.BASE_URL ?? own,
    appKey: config.APP_KEY,
    log,
    sendsEmail: true,
    stop,
  })
  server.on('request', runtime.http)
  terminal.output.write(greeting(config, own, isLocal ? await findCastMember(db) : undefined))

  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve))
  await Promise.all([drain(server), runtime.ended])
}

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

/**
 * Whether nobody but this machine is meant to reach the server: neither by its address, nor by that of its links, nor
 * through a proxy.
 */
export function isOwnMachine({
  HOST,
  BASE_URL,
  TRUST_PROXY,
}: Pick<Config, 'HOST' | 'BASE_URL' | 'TRUST_PROXY'>): boolean {
  const isLinkedHere = BASE_URL === undefined || isLoopback(new URL(BASE_URL).hostname)
  return isLoopback(HOST) && isLinkedHere && TRUST_PROXY.length === 0
}

const castForbidden =
  'Others can reach this server, so the password that the example people shared is taken away from them for good.\n' +
  'Give somebody a new one by `npx connections account password USERID`.\n'

/** The folder of this package, in which npx finds it. */
const folder = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '')

/**
 * What a person at the terminal needs to begin.
 *
 * @param own where the server listens, which `BASE_URL` hides
 * @param member user id of somebody who signs in with the cast's password; undefined where there is nobody
 */
export function greeting(config: Config, own: string, member: string | undefined): string {
  const baseUrl = config.BASE_URL ?? own
  const feed = `${baseUrl}/profiles/atom/connections.do?connectionType=colleague&status=accepted&userid=${member ?? 'USERID'}`
  const lines = member
    ? [
        `Sign in:  ${member}, password ${castPassword} (example people, for this machine only)`,
        `Try:      curl -u ${member}:${castPassword} '${feed}'`,
      ]
    : ['Sign in:  as somebody made by `npx connections account add` or brought in by `npx connections import`']
  const hints = isOwnMachine(config) ? [] : hintsFor(config, baseUrl)
  const commands = `Commands: npx connections, in ${folder}`
  const listens = baseUrl === own ? [] : [`Listens:  at ${own}`]
  return [`Connections is ready at ${baseUrl}`, `Feed:     ${feed}`, ...lines, commands, ...listens, ...hints, ''].join(
    '\n',
  )
}

/** What whoever opens the server to others may have forgotten. */
function hintsFor({ BASE_URL, TRUST_PROXY, ALLOW_INSECURE }: Config, baseUrl: string): string[] {
  const base = `Links:    begin with ${baseUrl}; set BASE_URL to the address that others reach this server by`
  const tls =
    'TLS:      nobody signs in from elsewhere without; have a proxy speak it, and name its address in TRUST_PROXY'
  const open = 'TLS:      ALLOW_INSECURE takes passwords without, which others can read on their way'
  return [
    ...(BASE_URL === undefined ? [base] : []),
    ...(ALLOW_INSECURE ? [open] : TRUST_PROXY.length === 0 ? [tls] : []),
  ]
}
