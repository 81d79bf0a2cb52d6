import { type Kysely, type MigrationResult, Migrator, NO_MIGRATIONS } from 'kysely'
import { migrations } from '../../migrations/index.js'

/**
 * Brings the schema to the newest step, or with `to: 'nothing'` takes every step back. Any number of processes may
 * call this at once: Kysely's lock lets one work and the others find it done.
 *
 * @returns what was run, in order; empty where nothing was to do
 * @throws the error of the step that failed; that step left nothing behind
 */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  to: 'newest' | 'nothing' = 'newest',
): Promise<MigrationResult[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } })
  const { error, results = [] } = await (to === 'newest'
    ? migrator.migrateToLatest()
    : migrator.migrateTo(NO_MIGRATIONS))
  if (error !== undefined) throw error as Error
  return results
}
