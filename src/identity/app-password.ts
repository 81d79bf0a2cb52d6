import { createHash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Kysely } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { type Scope, scopes as allScopes } from '../people/account.js'
import { type AppPassword, deleteAppPassword, insertAppPassword } from './credential-store.js'

export { type AppPassword, listAppPasswords } from './credential-store.js'

interface AppPasswordRequest {
  /** Shown in the list of app passwords. */
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Null if it never expires. */
  readonly expiresAt: Date | null
}

interface NewAppPassword extends AppPassword {
  /** Shown only once, since the database stores only its hash. */
  readonly secret: string
}

const maxNameLength = 100
/** Maximum number of app passwords of one account. */
const maxAppPasswords = 100

/**
 * Creates an app password for a feed reader or an integration (docs/trust.md, A10).
 *
 * @throws Failure `invalid` for a name that is empty, too long or not displayable, for missing or unknown scopes, for
 *   an expiry in the past, and if the account already has the maximum number
 */
export async function makeAppPassword(
  db: Kysely<Tables>,
  accountId: string,
  request: AppPasswordRequest,
): Promise<NewAppPassword> {
  return (await makeAppPasswordOnce(db, accountId, newId(), request)) as NewAppPassword
}

/**
 * Like `makeAppPassword`, for a request that may arrive twice.
 *
 * @param id of the new app password
 * @returns undefined if the id exists already
 */
export async function makeAppPasswordOnce(
  db: Kysely<Tables>,
  accountId: string,
  id: string,
  { name, scopes, expiresAt }: AppPasswordRequest,
): Promise<NewAppPassword | undefined> {
  const secret = newAppSecret()
  const fields = { id, name: checkedName(name), scopes: checkedScopes(scopes), expires: checkedEnd(expiresAt) }
  const made = await insertAppPassword(db, accountId, appSecretHash(secret), fields, maxAppPasswords)
  if (made === 'known') return undefined
  if (made !== 'full') return { ...made, secret }
  throw new Failure(
    'invalid',
    `An account may have at most ${maxAppPasswords} app passwords; revoke one that is unused.`,
  )
}

/**
 * Revokes an app password of an account. Takes effect at the next request with it.
 *
 * @throws Failure `notFound` if the account has no app password with that id
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
      `The name of an app password must have 1 to ${maxNameLength} characters; this one has ${length}.`,
    )
  }
  if (!/[\p{Cc}\uFFFE\uFFFF]/u.test(name) && name.isWellFormed()) return name
  throw new Failure(
    'invalid',
    'The name of the app password has a character that cannot be shown, such as a control character.',
  )
}

function checkedScopes(given: readonly Scope[]): Scope[] {
  const scopes = allScopes.filter((scope) => given.includes(scope))
  if (scopes.length > 0 && given.every((scope) => allScopes.includes(scope))) return scopes
  throw new Failure('invalid', `The scopes of an app password must be one or more of ${allScopes.join(', ')}.`)
}

function checkedEnd(expiresAt: Date | null): Date | null {
  if (expiresAt === null || expiresAt.getTime() > Date.now()) return expiresAt
  throw new Failure('invalid', 'An app password must expire in the future, or never.')
}

/** Lets people and leak scanners recognize an app password. */
const prefix = 'cnx_'
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const randomLength = 32
const checksumLength = 6

/** CRC32 in base62. Detects typing errors without the database. */
function checksumOf(text: string): string {
  let rest = crc32(text)
  const digits = Array.from({ length: checksumLength }, () => {
    const digit = alphabet.charAt(rest % 62)
    rest = Math.floor(rest / 62)
    return digit
  })
  return digits.reverse().join('')
}

/** Generates an app password: prefix, 32 random characters (about 190 bits) and checksum (docs/trust.md, A10). */
export function newAppSecret(): string {
  const random = Array.from({ length: randomLength }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
  return prefix + random + checksumOf(prefix + random)
}

const form = new RegExp(`^${prefix}[0-9A-Za-z]{${randomLength + checksumLength}}$`)

/** Whether a text has the form of an app password, valid or not. Account passwords must not have this form. */
export const isAppSecret = (secret: string): boolean => form.test(secret)

/** Whether the checksum of an app password is correct. */
export const hasChecksum = (secret: string): boolean =>
  secret.slice(-checksumLength) === checksumOf(secret.slice(0, -checksumLength))

/** The stored hash of an app password. A fast hash is enough, since a random secret cannot be guessed. */
export const appSecretHash = (secret: string): string => createHash('sha256').update(secret).digest('hex')
