import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { migrate } from '../../src/db/migrate.js'
import { openEmbedded } from '../../src/db/open.js'

/**
 * Once before all test files: a migrated, empty embedded database, kept as a file that each test file loads.
 * Migrating anew for each would cost four seconds a file.
 */
export default async function makeTemplate(): Promise<void> {
  if (process.env['DATABASE_URL']) return
  const pglite = await PGlite.create()
  const database = openEmbedded(pglite)
  await migrate(database.db)
  const dump = await pglite.dumpDataDir('none')
  await database.close()
  const file = join(await mkdtemp(join(tmpdir(), 'connections-template-')), 'migrated.tar')
  await writeFile(file, Buffer.from(await dump.arrayBuffer()))
  process.env['EMBEDDED_TEMPLATE'] = file
}

export async function removeTemplate(): Promise<void> {
  const file = process.env['EMBEDDED_TEMPLATE']
  if (file) await rm(dirname(file), { recursive: true })
}
