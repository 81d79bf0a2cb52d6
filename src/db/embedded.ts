import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { platform } from 'node:os'
import { join, relative } from 'node:path'
import { Duplex } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import type { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { Failure } from '../errors.js'
import { type Database, resultTypes } from './database.js'
import { named, planOnce } from './prepared.js'
import type { Tables } from './tables.js'
import { serializeWrites } from './transact.js'

/** The part of PGlite that a connection needs. */
export type Embedded = Pick<PGlite, 'close' | 'closed'> & {
  execProtocol(messages: Uint8Array, options: { throwOnError: false }): Promise<{ data: Uint8Array }>
}

/**
 * Opens the embedded database: Postgres in this process. Transactions take turns on its single connection. The driver
 * is the same as for servers, over the wire protocol, so that both databases parse values alike. It is also three times
 * as fast as PGlite's own `query`, which makes six calls per statement.
 */
export function openEmbedded(pglite: Embedded): Database {
  const pool = new pg.Pool({
    max: 1,
    idleTimeoutMillis: 0,
    types: resultTypes,
    // Otherwise environment variables such as PGSSLMODE would apply.
    ssl: false,
    stream: () => new Wire(pglite),
  })
  // The failing statement already rejects; an unhandled error event would end the process as well.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    client.query(planOnce).catch(() => {})
  })
  const lender = { connect: async () => lend(await pool.connect()), end: () => pool.end() }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: lender }) })
  serializeWrites(db)
  const close = async () => {
    await db.destroy()
    if (!pool.ended) await pool.end()
    // An open PGlite keeps the process alive.
    if (!pglite.closed) await pglite.close()
    // Frees about 200 MB of Postgres memory even if the closed PGlite is still referenced.
    Reflect.deleteProperty(pglite, 'mod')
  }
  return { db, limit: () => Promise.resolve(), close }
}

const lend = (client: pg.PoolClient) =>
  ({
    query: (text: string, values: unknown[]) => client.query(named(text, values)),
    release: () => client.release(),
  }) as unknown as PostgresPoolClient

/** A stand-in for the socket between pg and a server. */
class Wire extends Duplex {
  readonly #pglite: Embedded
  #isGreeted = false

  constructor(pglite: Embedded) {
    super()
    this.#pglite = pglite
  }

  connect(): this {
    queueMicrotask(() => this.emit('connect'))
    return this
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}
  ref(): void {}
  unref(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this._writev([{ chunk }], done)
  }

  override _writev(chunks: readonly { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#answer(Buffer.concat(chunks.map(({ chunk }) => chunk))).then((answer) => {
      if (answer.length > 0) this.push(answer)
      done()
    }, done)
  }

  async #answer(messages: Buffer): Promise<Uint8Array> {
    if (!this.#isGreeted) {
      this.#isGreeted = true
      return welcome
    }
    const { data } = await this.#pglite.execProtocol(messages, { throwOnError: false })
    // PGlite never yields to the event loop: a long transaction would block everything else.
    await nextTurn()
    return data.subarray(0, data.length - (isReadyTwice(data) ? readyLength : 0))
  }
}

/**
 * The answer to the driver's startup message: AuthenticationOk and ReadyForQuery (PostgreSQL, message formats). PGlite
 * does not get the startup message, since it ends the process for an unknown user.
 */
const welcome = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I', 'latin1')

/** Size of a ReadyForQuery message in bytes: one for the type, four for the length, one for the transaction state. */
const readyLength = 6
const ready = Buffer.from('Z\0\0\0\x05', 'latin1')

/**
 * Whether an answer ends with two ReadyForQuery messages. PGlite sends one too many after an error; the driver would
 * take the second for the answer to the next statement.
 */
function isReadyTwice(data: Uint8Array): boolean {
  const readyAt = (at: number) => at >= 0 && ready.equals(data.subarray(at, at + ready.length))
  return readyAt(data.length - readyLength) && readyAt(data.length - 2 * readyLength)
}

/**
 * Locks a folder for this process. The lock is a listening socket in the folder: the operating system closes it with
 * the process, so a lock never outlives its holder.
 *
 * @returns a function that releases the lock
 * @throws Failure `unavailable` if another process holds it, `invalid` if the path is too long for a socket
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  for (let tries = 0; tries < 4; tries++) {
    const unlock = platform() === 'win32' ? await takePipe(folder) : await takeSocket(folder)
    if (unlock) return unlock
    await wait(20 + Math.random() * 80)
  }
  throw new Failure(
    'unavailable',
    `The embedded database in ${folder} is in use by another process. ` +
      'Stop it (it may be a running server), or put the data on a Postgres server and set DATABASE_URL.',
  )
}

/**
 * Listens on a new socket first, and then looks for other sockets. If two processes race, at least one sees the other:
 * both may give up, but they never both proceed.
 */
async function takeSocket(folder: string): Promise<(() => Promise<void>) | undefined> {
  const name = `lock-${randomBytes(4).toString('hex')}`
  const server = await listen(socketAddress(folder, name))
  if (!server) return undefined
  const others = (await readdir(folder)).filter((each) => each.startsWith('lock-') && each !== name)
  const held = await Promise.all(others.map((other) => isHeld(socketAddress(folder, other))))
  if (!held.includes(true)) return closing(server)
  await closing(server)()
  return undefined
}

/** A Windows pipe is exclusive, and closes with its process. */
async function takePipe(folder: string): Promise<(() => Promise<void>) | undefined> {
  const server = await listen(`\\\\.\\pipe\\${join(folder, 'lock').replaceAll(/[\\/:]/g, '-')}`)
  return server && closing(server)
}

function closing(server: Server): () => Promise<void> {
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}

/** The shorter of the absolute and the relative path: socket addresses are limited to about 100 bytes. */
function socketAddress(folder: string, name: string): string {
  const file = join(folder, name)
  const shorter = [file, relative('.', file)].sort((a, b) => a.length - b.length)[0] as string
  if (Buffer.byteLength(shorter) <= 100) return shorter
  throw new Failure('invalid', `The path of DATA_DIR is longer than 85 bytes: ${folder}.`)
}

/** @returns undefined if the address is in use */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((visitor) => visitor.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(address, () => resolve(server))
  })
}

const staleSocketMs = 60_000

/** Whether a process listens at the address. Removes the socket of a killed process once it is a minute old. */
async function isHeld(address: string): Promise<boolean> {
  if (await answers(address)) return true
  const since = await stat(address).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  )
  if (since < Date.now() - staleSocketMs) await rm(address, { force: true })
  return false
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const visitor = connect(address, () => resolve(true))
    visitor.once('error', () => resolve(false))
    visitor.once('connect', () => visitor.destroy())
  })
}
