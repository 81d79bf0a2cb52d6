import { createHash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

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

/** Makes a new app password: the prefix, 32 random characters (some 190 bits) and a checksum (trust, 4.1). */
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
