import type { Kysely } from 'kysely'
import { findFaults } from '../connections/check-store.js'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import type { Terminal } from './terminal.js'

/**
 * `doctor`: checks that the stored graph agrees with itself, and lists where it does not.
 *
 * @throws Failure `invalid` with the number of faults, so that scripts learn of them
 */
export async function doctorCommand(terminal: Terminal, db: Kysely<Tables>): Promise<void> {
  const faults = await findFaults(db)
  for (const { what, where } of faults) terminal.output.write(`${where}: ${what}\n`)
  if (faults.length > 0) throw new Failure('invalid', `The graph has ${faults.length} faults.`)
  terminal.output.write('The graph is whole.\n')
}
