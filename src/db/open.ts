import { mkdir, readdir } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { type Kysely, sql } from 'kysely'
import { Failure } from '../errors.js'
import type { Database } from './database.js'
import { lockFolder, openEmbedded } from './embedded.js'
import { openServer } from './server.js'
import type { Tables } from './tables.js'
import { secretName } from './token-secret.js'

export interface Place {
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  /** `transaction` if a pooler in front of the server assigns connections per transaction. */
  readonly pooler?: 'none' | 'transaction'
}

/**
 * Opens the Postgres server at `databaseUrl`. Without one, opens the embedded Postgres in `dataDir`, creating it if
 * absent.
 *
 * @param onError receives the errors of broken connections; the pool replaces such connections
 * @throws Failure `unavailable` if another process holds the folder, `invalid` if it is unusable
 */
export async function openDatabase(place: Place, onError: (error: Error) => void): Promise<Database> {
  if (place.databaseUrl !== undefined) return openServer(place.databaseUrl, place.pooler ?? 'none', onError)
  await makeFolder(place.dataDir)
  const unlock = await lockFolder(place.dataDir)
  try {
    const embedded = openEmbedded(await openFolder(place.dataDir))
    return { ...embedded, close: () => embedded.close().finally(unlock) }
  } catch (error) {
    await unlock()
    throw error
  }
}

/** Opens PGlite in a folder. If the files are unreadable, PGlite throws an exit status or a WebAssembly trap. */
async function openFolder(folder: string): Promise<PGlite> {
  try {
    return await PGlite.create(folder)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ') : String(cause)
    const hint = 'Restore it from a backup, or name another folder in DATA_DIR.'
    throw new Failure('invalid', `The embedded database in ${folder} cannot be opened (${reason}). ${hint}`, { cause })
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    throw new Failure('invalid', `DATA_DIR ${folder} cannot be created: ${(cause as Error).message}.`, { cause })
  }
  const files = (await readdir(folder)).filter((name) => !name.startsWith('lock-') && !name.startsWith(secretName))
  if (files.length === 0 || files.includes('PG_VERSION')) return
  throw new Failure('invalid', `DATA_DIR ${folder} holds files that are not a database. Choose a new or empty folder.`)
}

/** Whether the database answers within `timeoutMs`. */
export async function isAlive(db: Kysely<Tables>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs)
  })
  const inTime = sql`select 1`.execute(db).then(
    () => true,
    () => false,
  )
  return Promise.race([inTime, tooLate]).finally(() => clearTimeout(timer))
}
