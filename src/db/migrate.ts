import { setTimeout as wait } from 'node:timers/promises'
import { type Kysely, type MigrationResult, Migrator, NO_MIGRATIONS, sql } from 'kysely'
import { migrations } from '../../migrations/index.js'
import { Failure } from '../errors.js'

/**
 * Brings the schema to the newest step, or with `to: 'nothing'` takes every step back. Any number of processes may
 * call this at once: Kysely's lock lets one work and the others find it done.
 *
 * @returns what was run, in order; empty where nothing was to do
 * @throws Failure `invalid` where there is no schema to make it in; the error of the step that failed, which left
 *   nothing behind
 */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  to: 'newest' | 'nothing' = 'newest',
): Promise<MigrationResult[]> {
  // Named, because Kysely would else take the tables of a neighbouring schema for ours.
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db)
  const migrationTableSchema = rows[0]?.schema
  if (!migrationTableSchema) throw new Failure('invalid', 'The database has no schema that the search_path names.')
  const provider = { getMigrations: () => Promise.resolve(migrations) }
  const migrator = new Migrator({ db, provider, migrationTableSchema })
  for (let tries = 1; ; tries++) {
    const { error, results = [] } = await (to === 'newest'
      ? migrator.migrateToLatest()
      : migrator.migrateTo(NO_MIGRATIONS))
    if (error === undefined) return results
    if (results.length > 0 || tries === mostTries || !isOfNeighbour(error)) throw error as Error
    await wait(Math.random() * 20 * tries)
  }
}

const mostTries = 10

/**
 * Whether an error says that a table or a schema went away. Kysely looks through all tables of the database before its first step,
 * so one of a neighbouring schema that is dropped just then disturbs it.
 */
function isOfNeighbour(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === '42P01' || code === '42703' || code === '3F000' || code === 'XX000'
}
