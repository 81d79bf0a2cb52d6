import { type Kysely, sql } from 'kysely'
import { down, up } from '../../migrations/0005-directory.js'
import { nameColumns } from '../../src/people/names.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

const names = ['Ann Zoë Lindström-O’Neill', '', 'ΑΓΓΕΛΟΣ', '각', "d'\\amico", '陈晓明', 'ß'.repeat(80), '- 🦊']

test('the directory step fills the columns of existing accounts', async () => {
  const db = database.db as unknown as Kysely<unknown>
  await down(db)
  await sql`
    insert into account (id, key, user_id, name, state, profile, seen, created_at, updated_at)
    select id, id, 'u' || n, coalesce((${names}::text[])[n], 'Person ' || n), 'active', '{}', '{}', now(), now()
    from (select n, gen_random_uuid() as id from generate_series(1, 2001) n) person`.execute(db)
  await up(db)

  const { rows } = await sql<{ name: string; sort: string; same: boolean }>`
    select account.name, account.sort, account.words = said.words as same
    from account join unnest(
      ${names}::text[], ${names.map((name) => nameColumns(name).words)}::text[]::tsvector[]
    ) as said (name, words) on said.name = account.name`.execute(db)
  expect(rows).toHaveLength(names.length)
  for (const { name, sort, same } of rows) expect([name, sort, same]).toEqual([name, nameColumns(name).sort, true])
  const empty = await sql`select from account where sort is null or words is null`.execute(db)
  expect(empty.rows).toEqual([])
})
