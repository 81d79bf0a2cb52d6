import { sql } from 'kysely'
import type { Database } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/open.js'
import { addPerson } from './world.js'

/** In an embedded database that nobody has open: a session and a link that are over. */
export const putWhatIsOver = (dataDir: string): Promise<void> =>
  within(dataDir, async (db) => {
    await migrate(db)
    const id = await addPerson(db, 'over')
    await sql`insert into session values ('\\x00', ${id}, now(), now())`.execute(db)
    await sql`
      insert into connection (id, context_object, context_id, creator_id, state, access, token_hash, expires_at,
        created_at, updated_at)
      values (${id}, 'document', ${id}, ${id}, 'active', 4, '\\x00', now(), now(), now())`.execute(db)
  })

/** What of it is still there. */
export const whatIsOver = (dataDir: string): Promise<string[]> =>
  within(dataDir, async (db) => {
    const { rows } = await sql<{ what: string }>`
      select 'session' as what from session where expires_at <= now()
      union all select 'link' from connection where expires_at <= now()`.execute(db)
    return rows.map(({ what }) => what)
  })

/** Leaves what a step of a newer release leaves, with the oldest step that code must know to serve beside it. */
export async function newerStep(db: Database['db'], name: string, oldest: string | null): Promise<void> {
  await sql`insert into kysely_migration (name, timestamp) values (${name}, '')`.execute(db)
  await db.insertInto('schema_step').values({ name, oldest }).execute()
}

/** Works with an embedded database that nobody has open. */
export async function within<Result>(dataDir: string, work: (db: Database['db']) => Promise<Result>): Promise<Result> {
  const database = await openDatabase({ databaseUrl: undefined, dataDir }, () => {})
  return work(database.db).finally(() => database.close())
}
