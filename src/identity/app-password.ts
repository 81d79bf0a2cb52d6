import { createHash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Kysely } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { type Scope, scopes as allScopes } from '../people/account.js'
import { type AppPassword, deleteAppPassword, insertAppPassword } from './credential-store.js'

export { type AppPassword, listAppPasswords } from './credential-store.js'

/** How a person wants an app password to be. */
interface AppPasswordWish {
  /** Tells it from the person's others: what it is for. */
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Null for one that never ends. */
  readonly expiresAt: Date | null
}

/**
 * A new app password: what may be shown of it at any time, and the secret, which is not kept and can be shown once
 * alone.
 */
interface NewAppPassword extends AppPassword {
  readonly secret: string
}

const maxNameLength = 100
/** How many a person may have. */
const maxAppPasswords = 100

/**
 * Makes an app password for a feed reader or an integration (docs/trust.md, A10).
 *
 * @throws Failure `invalid` for a name that is empty, long or cannot be shown, for no scope or one that is none, and
 *   for an end that is not in the future, and where there are a hundred already
 */
export async function makeAppPassword(
  db: Kysely<Tables>,
  accountId: string,
  wish: AppPasswordWish,
): Promise<NewAppPassword> {
  // Nothing has an id that is new.
  return (await makeAppPasswordOnce(db, accountId, newId(), wish)) as NewAppPassword
}

/**
 * As `makeAppPassword`, for a wish that may arrive twice.
 *
 * @param id that it shall have; undefined is the answer where there is one with it already
 */
export async function makeAppPasswordOnce(
  db: Kysely<Tables>,
  accountId: string,
  id: string,
  { name, scopes, expiresAt }: AppPasswordWish,
): Promise<NewAppPassword | undefined> {
  const secret = newAppSecret()
  const wish = { id, name: checkedName(name), scopes: checkedScopes(scopes), expires: checkedEnd(expiresAt) }
  const made = await insertAppPassword(db, accountId, appSecretHash(secret), wish, maxAppPasswords)
  if (made === 'known') return undefined
  if (made !== 'full') return { ...made, secret }
  throw new Failure(
    'invalid',
    `A person may have ${maxAppPasswords} app passwords; revoke one that is not needed any more.`,
  )
}

/**
 * Ends an app password of an account: the next request with it is refused.
 *
 * @throws Failure `notFound` where the account has none with that id
 */
export async function revokeAppPassword(db: Kysely<Tables>, accountId: string, id: string): Promise<void> {
  if (await deleteAppPassword(db, accountId, id)) return
  throw new Failure('notFound', `There is no app password with the id ${id}.`)
}

function checkedName(given: string): string {
  const name = given.normalize('NFC').trim()
  const length = Array.from(name).length
  if (length === 0 || length > maxNameLength) {
    throw new Failure(
      'invalid',
      `The name of an app password must have 1 to ${maxNameLength} characters; this has ${length}.`,
    )
  }
  if (!/[\p{Cc}\uFFFE\uFFFF]/u.test(name) && name.isWellFormed()) return name
  throw new Failure('invalid', 'The name of the app password has a character that cannot be shown.')
}

function checkedScopes(given: readonly Scope[]): Scope[] {
  const scopes = allScopes.filter((scope) => given.includes(scope))
  if (scopes.length > 0 && given.every((scope) => allScopes.includes(scope))) return scopes
  throw new Failure('invalid', `The scopes of an app password must be some of ${allScopes.join(', ')}.`)
}

function checkedEnd(expiresAt: Date | null): Date | null {
  if (expiresAt === null || expiresAt.getTime() > Date.now()) return expiresAt
  throw new Failure('invalid', 'An app password must end in the future, or never.')
}

/** By this a person, and a program that looks for leaks, knows an app password. */
const prefix = 'cnx_'
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const randomLength = 32
const checksumLength = 6

/** CRC32 in base62: it tells a typing error without the database. */
function checksumOf(text: string): string {
  let rest = crc32(text)
  const digits = Array.from({ length: checksumLength }, () => {
    const digit = alphabet.charAt(rest % 62)
    rest = Math.floor(rest / 62)
    return digit
  })
  return digits.reverse().join('')
}

/** Makes a new app password: the prefix, 32 random characters (some 190 bits) and a checksum (docs/trust.md, A10). */
export function newAppSecret(): string {
  const random = Array.from({ length: randomLength }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
  return prefix + random + checksumOf(prefix + random)
}

const form = new RegExp(`^${prefix}[0-9A-Za-z]{${randomLength + checksumLength}}$`)

/** Whether a secret is an app password, right or wrong: its form alone tells, and no password may have it. */
export const isAppSecret = (secret: string): boolean => form.test(secret)

/** Whether an app password can be one that was made here. */
export const hasChecksum = (secret: string): boolean =>
  secret.slice(-checksumLength) === checksumOf(secret.slice(0, -checksumLength))

/** What the database keeps of an app password: nobody guesses what is random, so the hash need not be slow. */
export const appSecretHash = (secret: string): string => createHash('sha256').update(secret).digest('hex')
