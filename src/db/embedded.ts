import { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Database } from './open.js'
import { resultTypes } from './result-types.js'
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
