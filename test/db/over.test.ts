import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type CompiledQuery, type Kysely, sql } from 'kysely'
import { sweepSessions } from '../../src/auth/session-store.js'
import { forgetOldTries } from '../../src/auth/wrong-try-store.js'
import { sweep } from '../../src/connections/grants/sweep.js'
import type { Tables } from '../../src/db/tables.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { planOf, statementsOf } from '../support/plan.js'
import { addPerson } from '../support/world.js'

/** What is over is looked for again and again, and mostly there is none: that must not cost a look at all the rest. */

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
  const { db } = database
  const id = await addPerson(db, 'ann')
  const many = sql`generate_series(1, 5000) as n`
  await sql`insert into session select sha256(n::text::bytea), ${id}, now(), now() + interval '1 hour' from ${many}`.execute(
    db,
  )
  await sql`insert into wrong_try select n, 1, null, now() + interval '1 hour' from ${many}`.execute(db)
  await sql`
    insert into connection (id, context_object, context_id, creator_id, target_email, state, access, token_hash,
      expires_at, created_at, updated_at)
    select gen_random_uuid(), 'document', gen_random_uuid(), ${id}, 'who@example.com', 'pending', 4,
      sha256(n::text::bytea), now() + interval '1 hour', now(), now() from ${many}`.execute(db)
  for (const table of ['session', 'wrong_try', 'connection']) await sql`analyze ${sql.table(table)}`.execute(db)
})
afterAll(() => database.close())

test.each<[string, (db: Kysely<Tables>) => Promise<unknown>, string]>([
  ['sessions', sweepSessions, 'session_expiry'],
  ['wrong tries', forgetOldTries, 'wrong_try_forgotten'],
  ['invitations and links', sweep, 'connection_expiry'],
])('of %s', async (_name, work, index) => {
  const deletion = (await statementsOf(database.db, work)).find((each) => /^\s*delete/.test(each.sql)) as CompiledQuery
  const nodes = await planOf(database.db, deletion)
  expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan')
  const scan = nodes.find((node) => node['Index Name'] === index)
  expect(scan?.['Index Cond']).toMatch(/ <= now\(\)/)
})
