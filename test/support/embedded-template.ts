import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { openEmbedded } from '../../src/db/embedded.js'
import { migrate } from '../../src/db/migrate.js'

/**
 * Runs once before all test files: makes a migrated, empty embedded database, as an archive that workers load and as a
 * data folder that servers start on. `initdb` takes 10 s of processor time, so its result is cached in `node_modules`.
 */
export default async function makeTemplate(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'connections-template-'))
  const pglite = await PGlite.create(join(folder, 'data'), { loadDataDir: await newCluster() })
  const database = openEmbedded(pglite)
  await migrate(database.db)
  const archive = await pglite.dumpDataDir('none')
  await database.close()
  const file = join(folder, 'migrated.tar')
  await writeFile(file, Buffer.from(await archive.arrayBuffer()))
  process.env['EMBEDDED_TEMPLATE'] = file
}

/** An embedded database like that, in memory. */
export async function openTemplate(): Promise<PGlite> {
  const template = await readFile(process.env['EMBEDDED_TEMPLATE'] as string)
  return PGlite.create({ loadDataDir: new Blob([template]) })
}

/** A data folder with a migrated, empty database, for a server or a command: a path that does not exist yet. */
export async function prepareDataFolder(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await cp(join(dirname(process.env['EMBEDDED_TEMPLATE'] as string), 'data'), path, { recursive: true })
}

/** The archive of a database as `initdb` leaves it. */
async function newCluster(): Promise<Blob> {
  const text = await readFile('node_modules/@electric-sql/pglite/package.json', 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  const cached = join('node_modules', '.cache', `pglite-${version}.tar`)
  if (!(await stat(cached).catch(() => undefined))) {
    const pglite = await PGlite.create()
    const archive = await pglite.dumpDataDir('none')
    await pglite.close()
    await mkdir(dirname(cached), { recursive: true })
    // Another run may do the same at this moment: a rename never shows half a file.
    await writeFile(`${cached}.${process.pid}`, Buffer.from(await archive.arrayBuffer()))
    await rename(`${cached}.${process.pid}`, cached)
  }
  return new Blob([await readFile(cached)])
}

export async function removeTemplate(): Promise<void> {
  await rm(dirname(process.env['EMBEDDED_TEMPLATE'] as string), { recursive: true })
}
