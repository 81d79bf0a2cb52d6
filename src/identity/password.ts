import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import argon2 from '@node-rs/argon2'
import pLimit from 'p-limit'
import { Failure } from '../errors.js'
import { isAppSecret } from './app-password.js'

/** argon2id, with the memory (KiB) and passes that OWASP's Password Storage Cheat Sheet recommends. */
const cost = { memoryCost: 19456, timeCost: 2, parallelism: 1 }

/** In characters; 256 take at most 1024 bytes of UTF-8. */
export const passwordLengths = { shortest: 8, longest: 256 } as const
const { shortest, longest } = passwordLengths
const lengthOf = (password: string) => Array.from(password).length

const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

/** The beginning of a hash with the current parameters. */
const currentPrefix = `$argon2id$v=19$m=${cost.memoryCost},t=${cost.timeCost},p=${cost.parallelism}$`

/** Costs as much to verify as a real hash, but matches no known password. */
const dummyHash = `${currentPrefix}${unpadded(randomBytes(16))}$${unpadded(randomBytes(32))}`

const hashing = pLimit(Math.max(1, availableParallelism() - 1))
const maxWaiting = 32

/**
 * Bounds the hashing queue: a hash occupies a core and 19 MiB, and a flood of passwords must not exhaust the server.
 *
 * @throws Failure `unavailable` if the queue is full
 */
export function checkHasRoom(): void {
  if (hashing.pendingCount < maxWaiting) return
  throw new Failure('unavailable', 'Too many people are signing in at the moment. Try again in a few seconds.')
}

function queued<Result>(work: () => Promise<Result>): Promise<Result> {
  checkHasRoom()
  return hashing(work)
}

/**
 * Hashes a password. Normalizes it to NFC, since keyboards send different forms, but never trims, folds or truncates
 * it.
 *
 * @returns argon2id as a PHC string with its parameters
 * @throws Failure `invalid` for a password that is too short or too long, cannot be sent in a header (RFC 7617, section
 *   2) or has the form of an app password, `unavailable` if the hashing queue is full
 */
export async function hashPassword(password: string): Promise<string> {
  const normal = password.normalize('NFC')
  const length = lengthOf(normal)
  if (length < shortest || length > longest) {
    throw new Failure('invalid', `The password must have ${shortest} to ${longest} characters; this one has ${length}.`)
  }
  if (/\p{Cc}/u.test(normal) || !normal.isWellFormed()) {
    throw new Failure('invalid', 'The password has a character that cannot be sent, such as a control character.')
  }
  if (isAppSecret(normal)) {
    throw new Failure('invalid', 'A password must not have the form of an app password.')
  }
  return queued(() => argon2.hash(normal, cost))
}

/**
 * Whether a text can match a stored password. An app password, or a text that is too long, is refused without hashing.
 */
export const isPossiblePassword = (text: string): boolean =>
  lengthOf(text.normalize('NFC')) <= longest && !isAppSecret(text)

/**
 * Verifies a password against a hash. Without a hash, it verifies against a dummy, so that the time taken does not
 * reveal existing names.
 *
 * @param secret a PHC string, or null for an unknown name or an account without a password
 * @throws Failure `unavailable` if the hashing queue is full
 */
export async function verifyPassword(secret: string | null, password: string): Promise<boolean> {
  if (!isPossiblePassword(password)) return false
  return queued(() => argon2.verify(secret ?? dummyHash, password.normalize('NFC')))
}

/**
 * Rehashes a verified password if its hash has old parameters and the hashing queue is idle.
 *
 * @returns undefined if the hash is current or the queue is busy
 */
export async function renewedHash(secret: string, password: string): Promise<string | undefined> {
  if (secret.startsWith(currentPrefix) || hashing.activeCount + hashing.pendingCount > 0) return undefined
  return queued(() => argon2.hash(password.normalize('NFC'), cost))
}
