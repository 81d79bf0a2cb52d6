import type { Kysely } from 'kysely'
import { fillSearchWords } from '../accounts/search-words-store.js'
import { endAllSessions } from '../auth/session-store.js'
import { reissueTokens } from '../connections/grants/reissue-store.js'
import { keysOf } from '../connections/grants/token.js'
import { counted } from '../counted.js'
import { migrate, newerSteps } from '../db/migrate.js'
import type { Tables } from '../db/tables.js'
import { type Secrets, takeSecrets } from '../db/token-secret.js'
import { say } from './account.js'
import type { Terminal } from './terminal.js'

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
