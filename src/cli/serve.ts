import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { Database } from '../db/database.js'
import { Failure } from '../errors.js'
import { isLoopback } from '../formats.js'
import { openServer, type OpenServer } from '../http/server.js'
import { prepareDatabase, startRuntime } from '../server/runtime.js'
import { castPassword, findCastMember, forbidCast, loadCast } from '../transfer/example.js'
import type { Terminal } from './terminal.js'

/**
 * Prints the greeting, serves until stopped, then finishes the requests in flight.
 *
 * @param stop aborts when the server must stop
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

  const http = openServer(log)
  const { server } = http
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
  await Promise.all([drain(http), runtime.ended])
}

function listen(server: Server, { HOST, PORT }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'EADDRINUSE' ? 'it is in use; set PORT to another port, or to 0 for a free one' : cause.message
      reject(new Failure('unavailable', `Cannot listen on port ${PORT} of ${HOST}: ${reason}.`, { cause }))
    })
    server.listen(PORT, HOST, resolve)
  })
}

/** The address of the server for clients on this machine. */
function addressOf(server: Server, host: string): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${(server.address() as AddressInfo).port}`
}

/**
 * Drains the server. For one second it accepts connections and answers with `Connection: close`, for requests already
 * in transit. Then it closes connections as they become idle, and all others after 25 seconds.
 */
async function drain({ server, stopListening, closeIdle }: OpenServer): Promise<void> {
  await wait(1_000)
  const closed = stopListening()
  const deadline = wait(25_000, undefined, { ref: false }).then(() => server.closeAllConnections())
  const idle = setInterval(closeIdle, 50)
  await Promise.race([closed, deadline])
  clearInterval(idle)
}

/** Whether only this machine can reach the server, according to `HOST`, `BASE_URL` and `TRUST_PROXY`. */
export function isOwnMachine({
  HOST,
  BASE_URL,
  TRUST_PROXY,
}: Pick<Config, 'HOST' | 'BASE_URL' | 'TRUST_PROXY'>): boolean {
  const isLinkedHere = BASE_URL === undefined || isLoopback(new URL(BASE_URL).hostname)
  return isLoopback(HOST) && isLinkedHere && TRUST_PROXY.length === 0
}

const castForbidden =
  'Others can reach this server, so the shared password of the example people was removed permanently.\n' +
  'To give a person a new one, run the command `account password USERID`.\n'

const folder = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '')

/** The command that runs `connections` in a folder. Outside our own folder, `npx` would run another package. */
export const commandIn = (workingFolder: string): string =>
  workingFolder === folder ? 'npx connections' : `node "${join(folder, 'dist/src/main.js')}"`

/**
 * The greeting: address, feed, a first sign-in, commands, and hints about settings.
 *
 * @param own the address on which the server listens; links may use another (`BASE_URL`)
 * @param member user id of an example person who can sign in; undefined if there is none
 */
export function greeting(config: Config, own: string, member: string | undefined): string {
  const baseUrl = config.BASE_URL ?? own
  const list = `connectionType=colleague&status=accepted&userid=${member ?? 'USERID'}`
  const feed = `${baseUrl}/profiles/atom/connections.do?${list}`
  const lines = member
    ? [
        `Sign in:  ${member}, password ${castPassword} (example people, for this machine only)`,
        `Try:      curl -u ${member}:${castPassword} '${feed}'`,
      ]
    : ['Sign in:  with an account from the commands `account add` or `import`']
  const hints = isOwnMachine(config) ? [] : hintsFor(config, baseUrl)
  const here = resolve('.')
  const commands = `Commands: ${commandIn(here)}, in ${here}`
  const listens = baseUrl === own ? [] : [`Listens:  at ${own}`]
  return [`Connections is ready at ${baseUrl}`, `Feed:     ${feed}`, ...lines, commands, ...listens, ...hints, ''].join(
    '\n',
  )
}

/** Hints about `BASE_URL`, `TRUST_PROXY` and `ALLOW_INSECURE`, for a server that other machines can reach. */
function hintsFor({ BASE_URL, TRUST_PROXY, ALLOW_INSECURE }: Config, baseUrl: string): string[] {
  const base = `Links:    begin with ${baseUrl}; set BASE_URL to the public address of this server`
  const tls =
    'TLS:      required for sign-in from other machines; put a TLS proxy in front and set TRUST_PROXY to its address'
  const open = 'TLS:      ALLOW_INSECURE accepts passwords without TLS; others on the network can read them'
  return [
    ...(BASE_URL === undefined ? [base] : []),
    ...(ALLOW_INSECURE ? [open] : TRUST_PROXY.length === 0 ? [tls] : []),
  ]
}
