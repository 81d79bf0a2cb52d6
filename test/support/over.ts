import { sql } from 'kysely'
import type { Database } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/open.js'
import { addPerson } from './world.js'

/** Adds an expired session and an expired link to a closed embedded database. */
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

/** The remaining ones. */
export const whatIsOver = (dataDir: string): Promise<string[]> =>
  within(dataDir, async (db) => {
    const { rows } = await sql<{ what: string }>`
      select 'session' as what from session where expires_at <= now()
      union all select 'link' from connection where expires_at <= now()`.execute(db)
    return rows.map(({ what }) => what)
  })

/** Adds the marks of a newer release's step, with the oldest step that running code must know. */
export async function newerStep(db: Database['db'], name: string, oldest: string | null): Promise<void> {
  await sql`insert into kysely_migration (name, timestamp) values (${name}, '')`.execute(db)
  await db.insertInto('schema_step').values({ name, oldest }).execute()
}

/** Runs work on a closed embedded database. */
export async function within<Result>(dataDir: string, work: (db: Database['db']) => Promise<Result>): Promise<Result> {
  const database = await openDatabase({ databaseUrl: undefined, dataDir }, () => {})
  return work(database.db).finally(() => database.close())
}
