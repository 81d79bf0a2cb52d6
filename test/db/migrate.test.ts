import { sql } from 'kysely'
import { v7 as newId } from 'uuid'
import { migrations } from '../../migrations/index.js'
import { migrate } from '../../src/db/migrate.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

const tables = async () => {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = current_schema() and table_name not like 'kysely%' order by 1`.execute(database.db)
  return rows.map((row) => row.name)
}

const all = [
  'account',
  'app',
  'colleague',
  'connection',
  'connection_event',
  'credential',
  'directory',
  'known_address',
  'mailed',
  'network',
  'org',
  'outbox',
  'photo',
  'role',
  'schema_step',
  'session',
  'token_secret',
  'wrong_try',
]

test('the schema migrates up, down and up again', async () => {
  expect(await tables()).toEqual(all)
  await migrate(database.db, 'nothing')
  expect(await tables()).toEqual([])
  await migrate(database.db)
  expect(await tables()).toEqual(all)
})

test('reverting the e-mail step deletes e-mails to addresses', async () => {
  const { db } = database
  const [kept, gone] = [newId(), newId()]
  const now = new Date()
  const letter = { kind: 'offered', payload: '{}', created_at: now, due_at: now }
  await db
    .insertInto('outbox')
    .values([
      { ...letter, id: kept, recipient_id: newId() },
      { ...letter, id: gone, recipient_id: null },
    ])
    .execute()
  const step = migrations['0007-module-letters']
  await step?.down?.(db)
  expect(await db.selectFrom('outbox').select('id').execute()).toEqual([{ id: kept }])
  const unaddressed = db
    .insertInto('outbox')
    .values({ ...letter, id: gone, recipient_id: null })
    .execute()
  await expect(unaddressed).rejects.toThrow(/recipient_id/)
  await step?.up(db)
})

test('migrating a current schema changes nothing', async () => {
  expect(await migrate(database.db)).toEqual([])
})

test('one of several concurrent migrations does the work', async () => {
  await migrate(database.db, 'nothing')
  const runs = await Promise.all([1, 2, 3].map(() => migrate(database.db)))
  expect(runs.map((steps) => steps.length).sort()).toEqual([0, 0, Object.keys(migrations).length])
})

test('schemas created and dropped meanwhile do not disturb a migration', async () => {
  // On the embedded database nobody has neighbours, and one is enough.
  const count = serverUrl === undefined ? 1 : 4
  const live = async () => {
    for (let round = 0; round < count * 3; round++) await (await freshDatabase()).close()
  }
  await Promise.all(Array.from({ length: count }, live))
})
