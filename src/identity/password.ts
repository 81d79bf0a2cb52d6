import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import argon2 from '@node-rs/argon2'
import pLimit from 'p-limit'
import { Failure } from '../errors.js'
import { isAppSecret } from './app-password.js'

/** argon2id, with the memory (KiB) and passes that OWASP's Password Storage Cheat Sheet recommends. */
const cost = { memoryCost: 19456, timeCost: 2, parallelism: 1 }

/** How many characters a password may have: in UTF-8 at most 1024 bytes. */
export const passwordLengths = { shortest: 8, longest: 256 } as const
const { shortest, longest } = passwordLengths
const lengthOf = (password: string) => Array.from(password).length

const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

/** How a hash begins that was made with our parameters. */
const ours = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$`

/** Looks like the hash of a password and costs as much to check, but no password is known that it fits. */
const nobodysSecret = `${ours}${unpadded(randomBytes(16))}$${unpadded(randomBytes(32))}`

const hashing = pLimit(Math.max(1, availableParallelism() - 1))
const maxWaiting = 32

/**
 * Hashing takes a core and 19 MiB each time, so a flood of passwords must not take them all.
 *
 * @throws Failure `unavailable` when too many wait already
 */
export function checkHasRoom(): void {
  if (hashing.pendingCount < maxWaiting) return
  throw new Failure('unavailable', 'Too many people are signing in at this moment. Please try again in a few seconds.')
}

function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  checkHasRoom()
  return hashing(work)
}

/**
 * Makes of a password what the database keeps of it. The password is never trimmed, folded or cut;
 * only its Unicode normalization form is made one (C), as two keyboards may send the same letter in two.
 *
 * @returns argon2id in PHC string form, its parameters included
 * @throws Failure `invalid` when it is too short or too long or could not be sent in a header (RFC 7617, section 2),
 *   `unavailable` when too many wait already
 */
export async function hashPassword(password: string): Promise<string> {
  const normal = password.normalize('NFC')
  const length = lengthOf(normal)
  if (length < shortest || length > longest) {
    throw new Failure('invalid', `The password must have ${shortest} to ${longest} characters; this one has ${length}.`)
  }
  if (/\p{Cc}/u.test(normal) || !normal.isWellFormed()) {
    throw new Failure('invalid', 'The password has a character that no sign-in can send, such as a control character.')
  }
  if (isAppSecret(normal)) {
    throw new Failure('invalid', 'This has the form of an app password, and could not be told from one at sign-in.')
  }
  return inTurn(() => argon2.hash(normal, cost))
}

/** Whether a text can be anybody's password: what is longer, or an app password, is not worth a hash. */
export const isPossiblePassword = (text: string): boolean =>
  lengthOf(text.normalize('NFC')) <= longest && !isAppSecret(text)

/**
 * Whether this is the password of which `secret` was made. It costs the same where there is no secret, so that the
 * time tells nobody whose name exists.
 *
 * @param secret in PHC string form, or null when nobody has that name, or no password
 * @throws Failure `unavailable` when too many wait already
 */
export async function verifyPassword(secret: string | null, password: string): Promise<boolean> {
  if (!isPossiblePassword(password)) return false
  return inTurn(() => argon2.verify(secret ?? nobodysSecret, password.normalize('NFC')))
}

/**
 * Hashes a password, which is right, anew where its hash was made with other parameters than ours, and nobody waits.
 *
 * @returns undefined where the hash may stay as it is for now
 */
export async function renewedHash(secret: string, password: string): Promise<string | undefined> {
  if (secret.startsWith(ours) || hashing.activeCount + hashing.pendingCount > 0) return undefined
  return inTurn(() => argon2.hash(password.normalize('NFC'), cost))
}
