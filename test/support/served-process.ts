import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadCast } from '../../src/transfer/example.js'
import { freshDatabase, serverUrl, type TestDatabase } from './database.js'
import { prepareDataFolder } from './embedded-template.js'
import { run, type Running, started } from './process.js'

/**
 * The cast before a server that runs as a process of its own; both last as long as the tests of a file.
 *
 * @returns gives the base of the server's addresses
 */
export function servedProcess(): () => string {
  let database: TestDatabase | undefined
  let folder: string
  let server: Running
  let base: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'connections-client-'))
    database = serverUrl === undefined ? undefined : await freshDatabase()
    if (database) await loadCast(database.db)
    else await prepareDataFolder(folder)
    server = run(['serve'], database?.url === undefined ? { DATA_DIR: folder } : { DATABASE_URL: database.url })
    base = await started(server)
  })
  afterAll(async () => {
    server.kill('SIGTERM')
    await server.exit
    await database?.close()
    await rm(folder, { recursive: true })
  })
  return () => base
}
