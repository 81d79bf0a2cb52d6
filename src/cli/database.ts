import type { Kysely } from 'kysely'
import type { Config } from '../config.js'
import { findFaults } from '../connections/integrity-store.js'
import { migrate, newerSteps } from '../db/migrate.js'
import type { Tables } from '../db/tables.js'
import { secretsFrom, takeSecrets } from '../db/token-secret.js'
import { Failure } from '../errors.js'
import { counted } from '../formats.js'
import { endAllSessions } from '../identity/session-store.js'
import { fillSearchWords } from '../people/search-store.js'
import { reissueTokens } from '../sharing/grant-store.js'
import { keysOf } from '../sharing/grant.js'
import { say } from './accounts.js'
import type { Terminal } from './terminal.js'

/**
 * `doctor`: checks the stored network and lists inconsistencies. Changes nothing, not even an older schema.
 *
 * @throws Failure `invalid` with the number of inconsistencies, for the exit status; also for a schema that is missing,
 *   older, or incompatible
 */
export async function doctorCommand(terminal: Terminal, db: Kysely<Tables>): Promise<void> {
  await newerSteps(db)
  const faults = await findFaults(db).catch(unlessMissing)
  for (const { what, where } of faults) terminal.output.write(`${where}: ${what}\n`)
  if (faults.length > 0) {
    throw new Failure('invalid', `${counted(faults.length, 'inconsistency', 'inconsistencies')} found.`)
  }
  terminal.output.write('No inconsistencies found.\n')
}

/** Explains the errors of Postgres for an undefined table (42P01) or column (42703). Rethrows all others. */
function unlessMissing(error: unknown): never {
  const { code } = error as { code?: unknown }
  if (code !== '42P01' && code !== '42703') throw error
  const sentence = 'The schema is missing, or older than this release. Run the command `migrate`.'
  throw new Failure('invalid', sentence, { cause: error })
}

/** `migrate`: migrates the database and lists the applied migrations. @throws Failure `invalid` as `db/migrate.ts` */
export async function migrateCommand(terminal: Terminal, db: Kysely<Tables>): Promise<void> {
  const steps = await migrate(db)
  await fillSearchWords(db)
  for (const { migrationName } of steps) say(terminal, migrationName)
  if (steps.length > 0) return
  const isNewer = Object.keys(await newerSteps(db)).length > 0
  say(terminal, isNewer ? 'The schema is newer than this release, but compatible.' : 'The schema is up to date.')
}

/**
 * `migrate --new-secret`: makes the configured secret the current one of the database, and reports the ended tokens and
 * sessions. Servers that run with another secret must be restarted.
 */
export async function newSecretCommand(terminal: Terminal, db: Kysely<Tables>, config: Config): Promise<void> {
  const secrets = await secretsFrom(config)
  const [tokens, sessions] = await db.transaction().execute(async (transaction) => {
    const isOther = await takeSecrets(transaction, secrets)
    return [await reissueTokens(transaction, keysOf(secrets)), isOther ? await endAllSessions(transaction) : 0] as const
  })
  say(terminal, 'The configured secret is now the token secret of the database.')
  say(terminal, `${counted(tokens, 'token')} ended. Creators can view the new tokens of their links and invitations.`)
  say(terminal, `${counted(sessions, 'session')} ended. Users must sign in again in their browsers.`)
}
