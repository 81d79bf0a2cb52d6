import { type IncomingHttpHeaders, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Kysely } from 'kysely'
import { pino } from 'pino'
import { type Config, readConfig } from '../../src/config.js'
import type { Context } from '../../src/context.js'
import { redactedLog } from '../../src/db/redact-log.js'
import type { Tables } from '../../src/db/tables.js'
import { createApp } from '../../src/http/app.js'
import { openServer } from '../../src/http/server.js'
import type { ModuleContext } from '../../src/sharing/context.js'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  /** The bytes as they came, not decompressed. */
  body: Buffer
  text: string
}

export interface Sending {
  method?: string
  /** Signs in with `user:password`. */
  as?: string
  headers?: Record<string, string | string[]>
  body?: string | Uint8Array
}

/** Sends one request, over a connection of its own. */
export type Send = (path: string, options?: Sending) => Promise<Answer>

export interface Client {
  send: Send
  port: number
  server: Server
  /** The server's log lines so far. */
  logged(): string[]
  close(): Promise<void>
}

/** The public base of every link in tests. */
export const baseUrl = 'https://connections.example'

/** A server of our own on this database, and a client that speaks to it over a socket. */
export async function startClient(
  db: Kysely<Tables>,
  settings: Record<string, string> = {},
  now: () => Date = () => new Date(),
  release = 'test',
  module?: ModuleContext,
  // A busy machine must not refuse a test.
  loopDelay: Context['loopDelay'] = () => 0,
  sessionKeys: readonly string[] = ['a key of tests'],
): Promise<Client> {
  const usual = { BASE_URL: baseUrl, LOG_LEVEL: 'debug', ANONYMOUS_PER_MINUTE: '1000000' }
  const config: Config = readConfig({ ...usual, ...settings })
  const lines: string[] = []
  const log = redactedLog(pino({ level: config.LOG_LEVEL }, { write: (line: string) => void lines.push(line) }))
  const context = { db, config, baseUrl: config.BASE_URL ?? baseUrl, sessionKeys, log, release, now, loopDelay }
  const server = openServer(log).on(
    'request',
    createApp(context, () => false, module),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    send: sendTo(port),
    port,
    server,
    logged: () => lines,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** Speaks to a server at a port of this machine. */
export const sendTo =
  (port: number): Send =>
  (path, { method = 'GET', as, headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const auth = as === undefined ? {} : { authorization: `Basic ${Buffer.from(as).toString('base64')}` }
      const options = {
        port,
        host: '127.0.0.1',
        path,
        method,
        headers: { ...auth, ...headers },
        agent: false as const,
      }
      const sent = request(options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const answered = Buffer.concat(chunks)
          const { statusCode = 0, headers: received } = response
          resolve({ status: statusCode, headers: received, body: answered, text: answered.toString() })
        })
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
