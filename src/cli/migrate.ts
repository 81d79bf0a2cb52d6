import type { Kysely } from 'kysely'
import { migrate } from '../db/migrate.js'
import type { Terminal } from './terminal.js'

/** Brings the schema to the newest step and says what that took. */
export async function migrateCommand<Tables>(terminal: Terminal, db: Kysely<Tables>): Promise<void> {
  const steps = await migrate(db)
  for (const { migrationName } of steps) terminal.output.write(`${migrationName}\n`)
  if (steps.length === 0) terminal.output.write('The schema is up to date.\n')
}
