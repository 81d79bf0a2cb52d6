import { mkdir } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect } from 'kysely'
import { PGliteDialect } from 'kysely-pglite-dialect'
import pg from 'pg'
import { lockFolder } from './lock.js'
import type { Tables } from './tables.js'

export interface Database {
  readonly db: Kysely<Tables>
  /** Waits for what runs, then gives back connections and folder. */
  close(): Promise<void>
}

/**
 * Opens Postgres at `databaseUrl`, or without one the embedded Postgres in `dataDir` (made when absent).
 *
 * @param onError hears of connections that broke while nobody used them; the pool replaces them by itself
 * @throws Failure `unavailable` when another process holds the folder
 */
export async function openDatabase(
  place: { databaseUrl: string | undefined; dataDir: string },
  onError: (error: Error) => void,
): Promise<Database> {
  if (place.databaseUrl !== undefined) return openServer(place.databaseUrl, onError)
  await mkdir(place.dataDir, { recursive: true })
  const unlock = await lockFolder(place.dataDir)
  try {
    const embedded = openEmbedded(await PGlite.create(place.dataDir))
    return { db: embedded.db, close: () => embedded.close().finally(unlock) }
  } catch (error) {
    await unlock()
    throw error
  }
}

/** Postgres in this process. Its one connection is handed to one transaction after the other. */
export function openEmbedded(pglite: PGlite): Database {
  const db = new Kysely<Tables>({ dialect: new PGliteDialect(pglite) })
  return { db, close: () => db.destroy() }
}

function openServer(connectionString: string, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({ connectionString, max: 10, connectionTimeoutMillis: 2000, types: { getTypeParser } })
  // A connection that breaks, idle or in use, reports it as an event; unheard it would end the process.
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { db, close: () => db.destroy() }
}

const bigint = 20

/** As pg's own, but a bigint is a number, as it is on the embedded database: our counters stay far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === bigint ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown)
