import type { Kysely } from 'kysely'
import { changeVerified } from '../accounts/change-store.js'
import type { Tables } from '../db/tables.js'
import { importStatement } from '../directory/import.js'
import { existing, say } from './account.js'
import type { Terminal } from './terminal.js'

/**
 * `account disable` and `account enable`: whether a person may sign in, and is shown as active. Who is disabled is out
 * with the next request; colleagues and passwords stay.
 *
 * @throws Failure `notFound` when nobody has the user id
 */
export async function stateCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  state: 'active' | 'inactive',
): Promise<void> {
  const account = await existing(db, userId)
  const now = new Date()
  // Feeds show the state, so all lists that hold the person move on, as they do when an import says so.
  await importStatement(db, { userId: account.userId, state, updated: now, seen: now, decides: true })
  say(terminal, `${account.name} ${state === 'active' ? 'can sign in again' : 'can no longer sign in'}.`)
}

/**
 * `account verify` and `account unverify`: whether a person is known to own the e-mail address of the account; the
 * module asks for that.
 *
 * @throws Failure `notFound` when nobody has the user id
 */
export async function verifiedCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  verified: boolean,
): Promise<void> {
  const account = await existing(db, userId)
  await changeVerified(db, account.id, verified)
  say(terminal, `The e-mail address of ${account.name} ${verified ? 'counts' : 'does not count'} as verified.`)
}
