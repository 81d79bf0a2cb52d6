import type { Kysely } from 'kysely'
import type { Tables } from '../../src/db/tables.js'
import { castPassword, loadCast } from '../../src/transfer/example.js'
import { type Client, type Send, startClient } from './client.js'
import { freshDatabase, type TestDatabase } from './database.js'

/** The credentials of a member of the cast. */
export const as = (name: string): string => `${name}:${castPassword}`

/** A server with the cast. Lasts for the tests of a file. */
export function servedCast(): { send: Send; db: () => Kysely<Tables> } {
  let database: TestDatabase
  let client: Client
  beforeAll(async () => {
    database = await freshDatabase()
    await loadCast(database.db)
    client = await startClient(database.db)
  })
  afterAll(async () => {
    await client.close()
    await database.close()
  })
  return { send: (path, sending) => client.send(path, sending), db: () => database.db }
}
