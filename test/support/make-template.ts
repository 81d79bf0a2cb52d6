import { writeFile } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { migrate } from '../../src/db/migrate.js'
import { openEmbedded } from '../../src/db/open.js'

/** A program that writes a migrated, empty embedded database to the file named. */
const pglite = await PGlite.create()
const database = openEmbedded(pglite)
await migrate(database.db)
const dump = await pglite.dumpDataDir('none')
await database.close()
await writeFile(process.argv[2] as string, Buffer.from(await dump.arrayBuffer()))
process.exit()
