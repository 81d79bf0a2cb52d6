import { mkdir, readdir } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect } from 'kysely'
import { PGliteDialect } from 'kysely-pglite-dialect'
import pg from 'pg'
import { Failure } from '../errors.js'
import { lockFolder } from './lock.js'
import type { Tables } from './tables.js'
import { secretName } from './token-secret.js'

export interface Database {
  readonly db: Kysely<Tables>
  /** From now on, a statement on a server may take so many milliseconds; until then, as long as it needs. */
  limit(milliseconds: number): void
  /** Waits for what runs, then gives back connections and folder. */
  close(): Promise<void>
}

export interface Place {
  readonly databaseUrl: string | undefined
  readonly dataDir: string
}

/**
 * Opens Postgres at `databaseUrl`, or without one the embedded Postgres in `dataDir` (made when absent).
 *
 * @param onError hears of connections that broke while nobody used them; the pool replaces them by itself
 * @throws Failure `unavailable` when another process holds the folder
 */
export async function openDatabase(place: Place, onError: (error: Error) => void): Promise<Database> {
  if (place.databaseUrl !== undefined) return openServer(place.databaseUrl, onError)
  await makeFolder(place.dataDir)
  const unlock = await lockFolder(place.dataDir)
  try {
    const embedded = openEmbedded(await PGlite.create(place.dataDir))
    return { ...embedded, close: () => embedded.close().finally(unlock) }
  } catch (error) {
    await unlock()
    throw error
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    throw new Failure('invalid', `DATA_DIR ${folder} cannot be made: ${(cause as Error).message}.`, { cause })
  }
  const files = (await readdir(folder)).filter((name) => !name.startsWith('lock-') && !name.startsWith(secretName))
  if (files.length === 0 || files.includes('PG_VERSION')) return
  throw new Failure('invalid', `DATA_DIR ${folder} holds other things than a database. Name a new or an empty folder.`)
}

/** Postgres in this process. Its one connection is handed to one transaction after the other. */
export function openEmbedded(pglite: PGlite): Database {
  const db = new Kysely<Tables>({ dialect: new PGliteDialect(pglite) })
  const close = async () => {
    await db.destroy()
    // Kysely closes only what it has used, and an open database keeps the process alive.
    if (!pglite.closed) await pglite.close()
    // It would keep all the memory of that Postgres, some 200 MB, for as long as anything knows of it.
    Reflect.deleteProperty(pglite, 'mod')
  }
  return { db, limit: () => {}, close }
}

function openServer(connectionString: string, onError: (error: Error) => void): Database {
  let deadline: number | undefined
  const Client = clientWithin(() => deadline)
  const pool = new pg.Pool({
    connectionString,
    Client,
    max: 10,
    connectionTimeoutMillis: 2000,
    types: { getTypeParser },
  })
  // A connection that breaks, idle or in use, reports it as an event; unheard it would end the process.
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const limit = (milliseconds: number) => {
    deadline = milliseconds
  }
  return { db, limit, close: () => db.destroy() }
}

/**
 * A client that gives up the whole connection once a statement takes too long: a server that is frozen or out of reach
 * would hold it for ever, and a connection with an answer still to come must not be used again.
 */
function clientWithin(deadline: () => number | undefined): typeof pg.Client {
  return class extends pg.Client {
    override query(...parameters: unknown[]) {
      const answer: unknown = Reflect.apply(super.query.bind(this), this, parameters)
      const milliseconds = deadline()
      if (milliseconds === undefined || !(answer instanceof Promise)) return answer as never
      const { stream } = (this as unknown as { connection: { stream: Socket } }).connection
      const timer = setTimeout(() => stream.destroy(), milliseconds)
      return answer.finally(() => clearTimeout(timer)) as never
    }
  }
}

const bigint = 20

/** As pg's own, but a bigint is a number, as it is on the embedded database: our counters stay far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === bigint ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown)
