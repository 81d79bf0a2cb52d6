import type { Kysely } from 'kysely'
import type { Tables } from '../../src/db/tables.js'
import { empty, type Folder, temporaryFolder } from '../transfer/files.js'
import { freshDatabase, type TestDatabase } from './database.js'

/** A database that is empty before each test, and a folder for import files. Both last for the tests of a file. */
export function importFixture(): {
  readonly database: { readonly db: Kysely<Tables> }
  readonly folder: Pick<Folder, 'write' | 'path'>
} {
  let database: TestDatabase
  let folder: Folder
  beforeAll(async () => {
    database = await freshDatabase()
    folder = await temporaryFolder()
  })
  beforeEach(() => empty(database.db))
  afterAll(async () => {
    await database.close()
    await folder.remove()
  })
  return {
    database: {
      get db() {
        return database.db
      },
    },
    folder: {
      write: (name, content) => folder.write(name, content),
      get path() {
        return folder.path
      },
    },
  }
}
