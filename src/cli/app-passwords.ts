import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { type AppPassword, listAppPasswords, makeAppPassword, revokeAppPassword } from '../identity/app-password.js'
import type { Scope } from '../people/account.js'
import { existing, say } from './accounts.js'
import type { Terminal } from './terminal.js'

/**
 * `account app-password add`: makes one, and writes it alone to the output, so that a program can take it from there.
 *
 * @param end the last day on which it is good, in UTC; undefined for one that never ends
 * @throws Failure `notFound` when nobody has the user id, `invalid` for a name, scope or day that cannot be
 */
export async function addAppPasswordCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  { name, scopes, end }: { name: string; scopes: readonly string[]; end: string | undefined },
): Promise<void> {
  const account = await existing(db, userId)
  const wish = { name, scopes: scopes as Scope[], expiresAt: end === undefined ? null : afterDay(end) }
  const { secret, ...made } = await makeAppPassword(db, account.id, wish)
  say(terminal, secret)
  terminal.errors.write(`This is shown once. ${account.name} now has the app password ${described(made)}\n`)
}

/** `account app-password list`: a line for each that the person has. @throws Failure `notFound` */
export async function listAppPasswordsCommand(terminal: Terminal, db: Kysely<Tables>, userId: string): Promise<void> {
  const account = await existing(db, userId)
  const all = await listAppPasswords(db, account.id)
  for (const each of all) say(terminal, described(each))
  if (all.length === 0) say(terminal, `${account.name} has no app passwords.`)
}

/** `account app-password revoke`: ends one at once. @throws Failure `notFound` where the person has none with that id */
export async function revokeAppPasswordCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  id: string,
): Promise<void> {
  const account = await existing(db, userId)
  await revokeAppPassword(db, account.id, id)
  say(terminal, `The app password ${id} of ${account.name} is no longer good.`)
}

const described = ({ id, name, scopes, created, expires, used }: AppPassword) =>
  `${id}: ${name}; ${scopes.join(', ')}; made ${created.toISOString()}, ` +
  `${expires === null ? 'never ends' : `${expires > new Date() ? 'good to' : 'ended'} ${lastMoment(expires)}`}, ` +
  `${used === null ? 'never used' : `last used ${used.toISOString()}`}.`

const day = 86_400_000

/** The last day, for one that is good to the end of it. */
function lastMoment(expires: Date): string {
  if (expires.getTime() % day !== 0) return expires.toISOString()
  return new Date(expires.getTime() - day).toISOString().slice(0, 10)
}

function afterDay(text: string): Date {
  const start = Date.parse(`${text}T00:00:00Z`)
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(start).toISOString().startsWith(text)) return new Date(start + day)
  throw new Failure('invalid', `${text} is no day: it should look like 2027-12-31.`)
}
