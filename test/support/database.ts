import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { type Fault, findFaults } from '../../src/connections/integrity-store.js'
import type { Database } from '../../src/db/database.js'
import { openEmbedded } from '../../src/db/embedded.js'
import { migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/open.js'
import { lend } from './lent-database.js'

/** Whether this run of the tests is on a Postgres server, rather than on the embedded database. */
export const serverUrl = process.env['DATABASE_URL']

/** This number of rows on a server, and a tenth on the embedded database, which is 50 times slower. */
export const scaled = (rows: number): number => (serverUrl === undefined ? rows / 10 : rows)

export interface TestDatabase extends Database {
  /** The address of this database for other processes. Only on a server. */
  readonly url: string | undefined
}

/**
 * An empty, migrated database: a schema on the server, or an embedded database in memory, emptied after the previous
 * file. Closing it fails if `doctor` finds inconsistencies.
 *
 * @param damage the kinds of inconsistency that the tests create on purpose
 */
export async function freshDatabase(damage: readonly Fault['what'][] = []): Promise<TestDatabase> {
  const database = await (serverUrl === undefined ? embedded() : ownSchema(serverUrl))
  return {
    ...database,
    close: async () => {
      const faults = await findFaults(database.db).finally(() => database.close())
      const others = faults.filter(({ what }) => !damage.includes(what))
      if (others.length > 0) throw new Error(`The graph is not whole: ${JSON.stringify(others.slice(0, 5))}`)
    },
  }
}

const embedded = async (): Promise<TestDatabase> => ({ ...openEmbedded(await lend()), url: undefined })

async function ownSchema(server: string): Promise<TestDatabase> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`
  const url = new URL(server)
  // No test kills this server, so commits need not wait for the disk.
  url.searchParams.set('options', `-c search_path=${schema} -c synchronous_commit=off`)
  const owner = await openDatabase({ databaseUrl: url.href, dataDir: '' }, () => {})
  await sql`create schema ${sql.id(schema)}`.execute(owner.db)
  await migrate(owner.db)
  const close = async () => {
    await sql`drop schema ${sql.id(schema)} cascade`.execute(owner.db)
    await owner.close()
  }
  return { ...owner, url: url.href, close }
}
