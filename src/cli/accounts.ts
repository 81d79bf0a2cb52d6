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

/**
 * `account add`: adds a person and asks for the password.
 *
 * @throws Failure `invalid` if a value or the password is missing, malformed or taken; nothing is added then
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

const maxLength = 256

/** @returns the text in Unicode NFC, since sign-in names are compared in this form */
function checkedText(field: string, typed: string): string {
  const text = typed.normalize('NFC')
  if (text.trim() === '') throw new Failure('invalid', `The ${field} is empty.`)
  if (Array.from(text).length > maxLength) {
    throw new Failure('invalid', `The ${field} has more than ${maxLength} characters.`)
  }
  if (/\p{Cc}/u.test(text) || !isXmlText(text)) {
    throw new Failure('invalid', `The ${field} has a character that cannot be shown, such as a control character.`)
  }
  return text
}

/** In HTTP Basic, everything after the first colon is the password. */
function checkedName(field: string, typed: string): string {
  const name = checkedText(field, typed)
  if (!name.includes(':')) return name
  throw new Failure('invalid', `The ${field} has a colon, so it could not be used to sign in.`)
}

function checkedEmail(typed: string): string {
  const email = checkedText('e-mail address', typed)
  if (/^[^@\s]+@[^@\s]+$/.test(email)) return email
  throw new Failure('invalid', `${email} is not an e-mail address such as ann@example.org.`)
}

/** Finds an account by user id. @throws Failure `notFound` */
export async function existingAccount(db: Kysely<Tables>, userId: string): Promise<Account> {
  const account = await findAccount(db, { by: 'userId', value: userId.normalize('NFC') })
  if (account) return account
  throw new Failure('notFound', `There is no account with the user id ${userId}.`)
}

export const say = (terminal: Terminal, line: string) => void terminal.output.write(`${line}\n`)

/** `account list`: prints a line for each account, sorted by name (see `described`). */
export async function listAccountsCommand(terminal: Terminal, db: Kysely<Tables>): Promise<void> {
  for (let page = 1, total = 1; (page - 1) * pageSize < total; page++) {
    const found = await searchAccounts(db, { words: [], named: [] }, { page, pageSize })
    total = found.total
    if (total === 0) say(terminal, 'There are no accounts yet. Add one with `account add`, or many with `import`.')
    const ids = found.accounts.map(({ id }) => id)
    const verified = new Set(
      (await findKnownAccounts(db, ids)).flatMap((known) => (known.verified ? known.account.id : [])),
    )
    for (const account of found.accounts) say(terminal, described(account, verified.has(account.id)))
  }
}

const pageSize = 500

function described({ userId, login, name, email, state, external, roles }: Account, isVerified: boolean): string {
  const details = [
    ...(login === null ? [] : [`login ${login}`]),
    ...(state === 'active' ? [] : ['disabled']),
    ...(email === null || isVerified ? [] : ['unverified']),
    ...(external ? ['external'] : []),
    ...roles,
  ]
  return [`${userId}: ${name}${email === null ? '' : ` <${email}>`}`, ...details].join('; ')
}

/**
 * `account password`: asks for a new password and sets it. Reports the number of app passwords: they remain valid, and
 * a thief of the old password may have created one.
 *
 * @throws Failure `notFound` for an unknown user id, `invalid` for a missing or malformed password
 */
export async function passwordCommand(terminal: Terminal, db: Kysely<Tables>, userId: string): Promise<void> {
  const account = await existingAccount(db, userId)
  await setPassword(db, account.id, await hashPassword(await askPassword(terminal)))
  say(terminal, `Set the password of ${account.name}.`)
  const apps = await listAppPasswords(db, account.id)
  if (apps.length === 0) return
  const stillWork = apps.length === 1 ? '1 app password still works' : `${apps.length} app passwords still work`
  say(terminal, `${stillWork}; see \`connections account app-password list ${userId}\`.`)
}

/**
 * `account role`: adds or removes a role. Also accepts an undefined role, with a remark, since an application may
 * define it later.
 *
 * @throws Failure `notFound` for an unknown user id, `invalid` for a malformed role
 */
export async function roleCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  change: 'add' | 'remove',
  role: string,
): Promise<void> {
  if (!/^[a-z][a-z0-9-]*$/.test(role)) {
    throw new Failure('invalid', `${role} is not a role: use one word of a-z, 0-9 and hyphens, such as org-admin.`)
  }
  const account = await existingAccount(db, userId)
  await changeRole(db, account.id, role, change)
  say(terminal, `${account.name} ${change === 'add' ? 'now has' : 'no longer has'} the role ${role}.`)
  if (change === 'remove' || (await isDefinedRole(db, role))) return
  say(terminal, `The role ${role} is not defined: it has no effect until an application defines it.`)
}

/**
 * `account disable` and `account enable`: sets the state of an account. Disabling ends its sessions; its connections,
 * password and app passwords stay, but cannot be used to sign in.
 *
 * @throws Failure `notFound` for an unknown user id
 */
export async function stateCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  state: 'active' | 'inactive',
): Promise<void> {
  const account = await existingAccount(db, userId)
  const now = new Date()
  // `importPerson` also gives a new version to every list that contains the person, since feeds show the state.
  await importPerson(db, { userId: account.userId, state, updated: now, seen: now, decides: true })
  say(terminal, `${account.name} ${state === 'active' ? 'can sign in again' : 'can no longer sign in'}.`)
}

/**
 * `account verify` and `account unverify`: marks the e-mail address of an account as verified or unverified. The module
 * requires a verified address for some actions.
 *
 * @throws Failure `notFound` for an unknown user id
 */
export async function verifiedCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  verified: boolean,
): Promise<void> {
  const account = await existingAccount(db, userId)
  await changeVerified(db, account.id, verified)
  say(terminal, `The e-mail address of ${account.name} is now ${verified ? 'verified' : 'unverified'}.`)
}

/**
 * `account photo`: sets or removes a person's picture.
 *
 * @param file path of the picture; undefined to remove it
 * @throws Failure `notFound` for an unknown user id, `invalid` if the file is missing, too large or not an image
 */
export async function photoCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  userId: string,
  file: string | undefined,
  remove: boolean,
): Promise<void> {
  if ((file === undefined) !== remove) throw new Failure('invalid', 'Give either a picture file or --remove.')
  const account = await existingAccount(db, userId)
  if (file === undefined) {
    const had = await changePhoto(db, account.id, null)
    return say(terminal, had ? `${account.name} no longer has a picture.` : `${account.name} had no picture.`)
  }
  const bytes = await readPicture(file)
  const type = imageType(bytes)
  if (type === undefined) throw new Failure('invalid', `${file} is not a PNG, JPEG, GIF or WebP image.`)
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
  throw new Failure('invalid', `${file} is larger than 1 MiB.`)
}
