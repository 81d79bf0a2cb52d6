import type { Kysely } from 'kysely'
import { findFaults } from '../connections/check-store.js'
import { newerSteps } from '../db/migrate.js'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import type { Terminal } from './terminal.js'

/**
 * `doctor`: checks that the stored graph agrees with itself, and lists where it does not. It changes nothing, not even
 * an older schema.
 *
 * @throws Failure `invalid` with the number of faults, so that scripts learn of them, or where there is no graph, or one of a
 *   newer release that this one cannot work with
 */
export async function doctorCommand(terminal: Terminal, db: Kysely<Tables>): Promise<void> {
  await newerSteps(db)
  const faults = await findFaults(db).catch(unlessMissing)
  for (const { what, where } of faults) terminal.output.write(`${where}: ${what}\n`)
  if (faults.length > 0) throw new Failure('invalid', `The graph has ${faults.length} faults.`)
  terminal.output.write('The graph is whole.\n')
}

/** Postgres says so of a table or a column that is not there. */
function unlessMissing(error: unknown): never {
  const { code } = error as { code?: unknown }
  if (code !== '42P01' && code !== '42703') throw error
  const sentence = 'The schema is older than this version, or not there at all; npx connections migrate makes it.'
  throw new Failure('invalid', sentence, { cause: error })
}
