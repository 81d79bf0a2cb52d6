import type { Kysely } from 'kysely'
import { findFaults } from '../connections/integrity-store.js'
import { migrate, newerSteps } from '../db/migrate.js'
import type { Tables } from '../db/tables.js'
import { type Secrets, takeSecrets } from '../db/token-secret.js'
import { Failure } from '../errors.js'
import { counted } from '../formats.js'
import { endAllSessions } from '../identity/session-store.js'
import { fillSearchWords } from '../people/search-store.js'
import { reissueTokens } from '../sharing/grant-store.js'
import { keysOf } from '../sharing/grant.js'
import { say } from './accounts.js'
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
  const sentence = 'The schema is older than this release, or missing. The command `migrate` makes it.'
  throw new Failure('invalid', sentence, { cause: error })
}

/** `migrate`: brings the schema to the newest step and says what that took. @throws Failure `invalid` as `migrate` does */
export async function migrateCommand(terminal: Terminal, db: Kysely<Tables>): Promise<void> {
  const steps = await migrate(db)
  await fillSearchWords(db)
  for (const { migrationName } of steps) say(terminal, migrationName)
  if (steps.length > 0) return
  const isNewer = Object.keys(await newerSteps(db)).length > 0
  say(terminal, isNewer ? 'The schema is newer than this release, which works with it.' : 'The schema is up to date.')
}

/**
 * `migrate --new-secret`: takes the present secret for that of the database, and says what ends by that. Servers that run
 * with another one have to be started again.
 */
export async function newSecretCommand(terminal: Terminal, db: Kysely<Tables>, secrets: Secrets): Promise<void> {
  const [tokens, sessions] = await db.transaction().execute(async (transaction) => {
    const isOther = await takeSecrets(transaction, secrets)
    return [await reissueTokens(transaction, keysOf(secrets)), isOther ? await endAllSessions(transaction) : 0] as const
  })
  say(terminal, 'The present secret is that of the database now.')
  say(
    terminal,
    `${counted(tokens, 'token')} ended: links and invitations have new ones, which their creators can show.`,
  )
  say(terminal, `${counted(sessions, 'session')} ended: who was signed in with a browser signs in again.`)
}
