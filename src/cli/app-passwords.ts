import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { type AppPassword, listAppPasswords, makeAppPassword, revokeAppPassword } from '../identity/app-password.js'
import type { Scope } from '../people/account.js'
import { existingAccount, say } from './accounts.js'
import type { Terminal } from './terminal.js'

/**
 * `account app-password add`: creates an app password. Only the secret goes to standard output, so that a program can
 * read it.
 *
 * @param end the last day of validity, in UTC; undefined if it never expires
 * @throws Failure `notFound` for an unknown user id, `invalid` for a malformed name, scope or day
 */
export async function addAppPasswordCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  { name, scopes, end }: { name: string; scopes: readonly string[]; end: string | undefined },
): Promise<void> {
  const account = await existingAccount(db, userId)
  const wish = { name, scopes: scopes as Scope[], expiresAt: end === undefined ? null : afterDay(end) }
  const { secret, ...made } = await makeAppPassword(db, account.id, wish)
  say(terminal, secret)
  terminal.errors.write(
    `The app password above is shown only once. ${account.name} now has the app password ${described(made)}\n`,
  )
}

/** `account app-password list`: prints a line for each app password of a person. @throws Failure `notFound` */
export async function listAppPasswordsCommand(terminal: Terminal, db: Kysely<Tables>, userId: string): Promise<void> {
  const account = await existingAccount(db, userId)
  const all = await listAppPasswords(db, account.id)
  for (const each of all) say(terminal, described(each))
  if (all.length === 0) say(terminal, `${account.name} has no app passwords.`)
}

/** `account app-password revoke`: deletes an app password. @throws Failure `notFound` */
export async function revokeAppPasswordCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  id: string,
): Promise<void> {
  const account = await existingAccount(db, userId)
  await revokeAppPassword(db, account.id, id)
  say(terminal, `Revoked the app password ${id} of ${account.name}.`)
}

const described = ({ id, name, scopes, created, expires, used }: AppPassword) =>
  `${id}: ${name}; ${scopes.join(', ')}; created ${created.toISOString()}, ` +
  `${expires === null ? 'never expires' : validity(expires)}, ` +
  `${used === null ? 'never used' : `last used ${used.toISOString()}`}.`

const dayMs = 86_400_000

const validity = (expires: Date) => `${expires > new Date() ? 'valid to' : 'expired'} ${lastMoment(expires)}`

/** Formats an expiry: at midnight as the last day of validity, at any other time as date and time. */
function lastMoment(expires: Date): string {
  if (expires.getTime() % dayMs !== 0) return expires.toISOString()
  return new Date(expires.getTime() - dayMs).toISOString().slice(0, 10)
}

function afterDay(text: string): Date {
  const start = Date.parse(`${text}T00:00:00Z`)
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(start).toISOString().startsWith(text)) return new Date(start + dayMs)
  throw new Failure('invalid', `${text} is not a date such as 2027-12-31.`)
}
