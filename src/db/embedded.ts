import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { platform } from 'node:os'
import { join, relative } from 'node:path'
import { Duplex } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import type { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { Failure } from '../errors.js'
import { type Database, resultTypes } from './database.js'
import type { Tables } from './tables.js'
import { writeAlone } from './transact.js'

/** As much of PGlite as a connection needs. */
export type Embedded = Pick<PGlite, 'close' | 'closed'> & {
  execProtocol(messages: Uint8Array, options: { throwOnError: false }): Promise<{ data: Uint8Array }>
}

/**
 * Postgres in this process. Its one connection is handed to one transaction after the other. It is spoken to in the
 * protocol of a server, by the same driver: a statement goes in whole, which is three times as fast as PGlite's own
 * `query` with its six calls, and values are read alike on both databases.
 */
export function openEmbedded(pglite: Embedded): Database {
  const pool = new pg.Pool({
    max: 1,
    idleTimeoutMillis: 0,
    types: resultTypes,
    // Otherwise the environment of the process would decide.
    ssl: false,
    stream: () => new Wire(pglite),
  })
  // The statement that meets an error is rejected with it; unheard, the event would end the process besides.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  writeAlone(db)
  const close = async () => {
    await db.destroy()
    if (!pool.ended) await pool.end()
    // An open database keeps the process alive.
    if (!pglite.closed) await pglite.close()
    // It would keep all the memory of that Postgres, some 200 MB, for as long as anything knows of it.
    Reflect.deleteProperty(pglite, 'mod')
  }
  return { db, limit: () => Promise.resolve(), close }
}

/** What pg takes for a socket to a server. */
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
    // PGlite never gives the event loop a turn: a transaction of many statements would hold up everything else.
    await nextTurn()
    return data.subarray(0, data.length - (isReadyTwice(data) ? readyLength : 0))
  }
}

/** AuthenticationOk and ReadyForQuery (PostgreSQL, message formats): PGlite ends the process over a user it lacks. */
const welcome = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I', 'latin1')

/** Of a ReadyForQuery message: its letter, its length in four bytes, and one for the state of the transaction. */
const readyLength = 6
const ready = Buffer.from('Z\0\0\0\x05', 'latin1')

/** After an error PGlite is ready once for the error and once for the Sync; pg would take the second for the next answer. */
function isReadyTwice(data: Uint8Array): boolean {
  const readyAt = (at: number) => at >= 0 && ready.equals(data.subarray(at, at + ready.length))
  return readyAt(data.length - readyLength) && readyAt(data.length - 2 * readyLength)
}

/**
 * Takes a folder for this process alone. The lock is a socket in the folder that we listen on: the operating system
 * closes it with the process, however that ends, so a lock never outlives its holder.
 *
 * @returns gives the folder free again
 * @throws Failure `unavailable` when another process holds it, `invalid` when its path is too long for a socket
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
 * Listens on a socket of our own first and looks for others then. Of two that do so at once at least one sees the
 * other, so both may give up, but never both go on.
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

/** A pipe of Windows is nobody else's while it is open, and gone with its holder. */
async function takePipe(folder: string): Promise<(() => Promise<void>) | undefined> {
  const server = await listen(`\\\\.\\pipe\\${join(folder, 'lock').replaceAll(/[\\/:]/g, '-')}`)
  return server && closing(server)
}

function closing(server: Server): () => Promise<void> {
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}

/** The address of a socket, by the shorter of its paths, since there is little room for one. */
function socketAddress(folder: string, name: string): string {
  const file = join(folder, name)
  const shorter = [file, relative('.', file)].sort((a, b) => a.length - b.length)[0] as string
  if (Buffer.byteLength(shorter) <= 100) return shorter
  throw new Failure('invalid', `DATA_DIR ${folder} is too long a path: at most 85 bytes, please.`)
}

/** Listens at the address; undefined when the address is taken. */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((visitor) => visitor.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(address, () => resolve(server))
  })
}

const old = 60_000

/** Whether somebody listens there. What a killed process left is cleared away, once nobody can be about to listen. */
async function isHeld(address: string): Promise<boolean> {
  if (await answers(address)) return true
  const since = await stat(address).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  )
  if (since < Date.now() - old) await rm(address, { force: true })
  return false
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const visitor = connect(address, () => resolve(true))
    visitor.once('error', () => resolve(false))
    visitor.once('connect', () => visitor.destroy())
  })
}
