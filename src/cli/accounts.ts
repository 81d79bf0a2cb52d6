import { readFile, stat } from 'node:fs/promises'
import type { Kysely } from 'kysely'
import { isXmlText } from '../atom/template.js'
import { changePhoto } from '../connections/photo.js'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { listAppPasswords } from '../identity/app-password.js'
import { setPassword } from '../identity/credential-store.js'
import { hashPassword } from '../identity/password.js'
import type { Account } from '../people/account.js'
import { addAccount, changeRole, changeVerified, isDefinedRole } from '../people/change-store.js'
import { findKnownAccounts } from '../people/known-store.js'
import { imageType, maxPhotoBytes } from '../people/photo-store.js'
import { searchAccounts } from '../people/search-store.js'
import { findAccount } from '../people/store.js'
import { importPerson } from '../transfer/import.js'
import { unreadable } from '../transfer/read.js'
import { askPassword, type Terminal } from './terminal.js'

const maxLength = 256

/** Gives back what was typed, in the Unicode form in which sign-ins arrive. */
function checkedText(what: string, typed: string): string {
  const text = typed.normalize('NFC')
  if (text.trim() === '') throw new Failure('invalid', `The ${what} is empty.`)
  if (Array.from(text).length > maxLength) {
    throw new Failure('invalid', `The ${what} has more than ${maxLength} characters.`)
  }
  if (/\p{Cc}/u.test(text) || !isXmlText(text)) {
    throw new Failure('invalid', `The ${what} has a character that cannot be shown, such as a control character.`)
  }
  return text
}

/** A name to sign in with: HTTP Basic takes all that follows a colon for the password. */
function checkedName(what: string, typed: string): string {
  const name = checkedText(what, typed)
  if (!name.includes(':')) return name
  throw new Failure('invalid', `The ${what} has a colon in it: nobody could sign in by that.`)
}

function checkedEmail(typed: string): string {
  const email = checkedText('e-mail address', typed)
  if (/^[^@\s]+@[^@\s]+$/.test(email)) return email
  throw new Failure('invalid', `${email} is no e-mail address: it should look like ann@example.org.`)
}

/** The account with a user id; throws Failure `notFound` where nobody has it. */
export async function existing(db: Kysely<Tables>, userId: string): Promise<Account> {
  const account = await findAccount(db, { by: 'userId', value: userId.normalize('NFC') })
  if (account) return account
  throw new Failure('notFound', `Nobody has the user id ${userId}.`)
}

export const say = (terminal: Terminal, line: string) => void terminal.output.write(`${line}\n`)

/**
 * `account add`: adds a person and asks for the password.
 *
 * @throws Failure `invalid` when a value or the password is malformed, absent or somebody else's; nothing is added then
 */
export async function addAccountCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  { name, email, login }: { name: string; email: string; login?: string },
): Promise<void> {
  const person = {
    userId: checkedName('user id', userId),
    login: login === undefined ? null : checkedName('login', login),
    email: checkedEmail(email),
    name: checkedText('name', name),
  }
  const secret = await hashPassword(await askPassword(terminal))
  await db.transaction().execute(async (transaction) => {
    await setPassword(transaction, await addAccount(transaction, person), secret)
  })
  say(terminal, `Added ${person.name} with the user id ${person.userId}.`)
}

/** `account list`: a line for each person, by name: user id, name, address, and what not everybody is or has. */
export async function listAccountsCommand(terminal: Terminal, db: Kysely<Tables>): Promise<void> {
  for (let page = 1, total = 1; (page - 1) * pageSize < total; page++) {
    const found = await searchAccounts(db, { words: [], named: [] }, { page, pageSize })
    total = found.total
    if (total === 0) say(terminal, 'Nobody yet: `account add` adds a person, and `import` many.')
    const ids = found.accounts.map(({ id }) => id)
    const verified = new Set(
      (await findKnownAccounts(db, ids)).flatMap((known) => (known.verified ? known.account.id : [])),
    )
    for (const account of found.accounts) say(terminal, described(account, verified.has(account.id)))
  }
}

const pageSize = 500

function described({ userId, login, name, email, state, external, roles }: Account, isVerified: boolean): string {
  const more = [
    ...(login === null ? [] : [`also ${login}`]),
    ...(state === 'active' ? [] : ['disabled']),
    ...(email === null || isVerified ? [] : ['unverified']),
    ...(external ? ['external'] : []),
    ...roles,
  ]
  return [`${userId}: ${name}${email === null ? '' : ` <${email}>`}`, ...more].join('; ')
}

/**
 * `account password`: asks for a new password and sets it, in place of the one there was. App passwords stay, which is said:
 * whoever had the old password may have made one.
 *
 * @throws Failure `notFound` when nobody has the user id, `invalid` when the password is malformed or absent
 */
export async function passwordCommand(terminal: Terminal, db: Kysely<Tables>, userId: string): Promise<void> {
  const account = await existing(db, userId)
  await setPassword(db, account.id, await hashPassword(await askPassword(terminal)))
  say(terminal, `Set the password of ${account.name}.`)
  const apps = await listAppPasswords(db, account.id)
  if (apps.length === 0) return
  say(
    terminal,
    `App passwords stay good, of which there are ${apps.length}; see \`connections account app-password list ${userId}\`.`,
  )
}

/**
 * `account role`: gives a role to a person or takes it away. A role that no rule knows is given too, which is said: an
 * application may define it later.
 *
 * @throws Failure `notFound` when nobody has the user id, `invalid` when the role is no lower-case word
 */
export async function roleCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  change: 'add' | 'remove',
  role: string,
): Promise<void> {
  if (!/^[a-z][a-z0-9-]*$/.test(role)) {
    throw new Failure('invalid', `${role} is no role: a role is one word of a-z, 0-9 and hyphens, such as org-admin.`)
  }
  const account = await existing(db, userId)
  await changeRole(db, account.id, role, change)
  say(terminal, `${account.name} ${change === 'add' ? 'now has' : 'no longer has'} the role ${role}.`)
  if (change === 'remove' || (await isDefinedRole(db, role))) return
  say(terminal, `No rule knows the role ${role}: it has no effect until an application defines it.`)
}

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
  await importPerson(db, { userId: account.userId, state, updated: now, seen: now, decides: true })
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

/**
 * `account photo`: gives a person a picture, or takes it away.
 *
 * @param file where the picture is; undefined when it is to be taken away
 * @throws Failure `notFound` when nobody has the user id, `invalid` when the file is not there, too big or no picture
 */
export async function photoCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  file: string | undefined,
  remove: boolean,
): Promise<void> {
  if ((file === undefined) !== remove) throw new Failure('invalid', 'Give either the file of a picture or --remove.')
  const account = await existing(db, userId)
  if (file === undefined) {
    const had = await changePhoto(db, account.id, null)
    return say(terminal, had ? `${account.name} no longer has a picture.` : `${account.name} had no picture.`)
  }
  const bytes = await readPicture(file)
  const type = imageType(bytes)
  if (type === undefined) throw new Failure('invalid', `${file} is no picture in PNG, JPEG, GIF or WebP.`)
  await changePhoto(db, account.id, { type, bytes })
  say(terminal, `${account.name} now has a picture (${type}).`)
}

async function readPicture(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size <= maxPhotoBytes) return await readFile(file)
  } catch (error) {
    throw unreadable(file, error as Error)
  }
  throw new Failure('invalid', `${file} is bigger than 1 MiB.`)
}
