import type { Kysely } from 'kysely'
import { fillSearchWords } from '../accounts/search-words-store.js'
import { migrate } from '../db/migrate.js'
import type { Tables } from '../db/tables.js'
import type { Terminal } from './terminal.js'

/** Brings the schema to the newest step and says what that took. */
export async function migrateCommand(terminal: Terminal, db: Kysely<Tables>): Promise<void> {
  const steps = await migrate(db)
  await fillSearchWords(db)
  for (const { migrationName } of steps) terminal.output.write(`${migrationName}\n`)
  if (steps.length === 0) terminal.output.write('The schema is up to date.\n')
}
