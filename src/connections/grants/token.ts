import { createHash, createHmac } from 'node:crypto'

/** A secret of which tokens are made. */
export interface TokenKey {
  /** Tells the key from others; nothing follows from it. */
  readonly id: string
  readonly secret: Uint8Array
}

/** The first one makes tokens; the others still make those again that they made. */
export type TokenKeys = readonly [TokenKey, ...TokenKey[]]

/** Makes keys of secrets of at least 32 bytes, the newest first. */
export const keysOf = ([newest, ...older]: readonly [Uint8Array, ...Uint8Array[]]): TokenKeys => [
  tokenKey(newest),
  ...older.map(tokenKey),
]

const tokenKey = (secret: Uint8Array): TokenKey => ({
  id: createHash('sha256').update('token key').update(secret).digest('hex').slice(0, 16),
  secret,
})

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const length = 32

/**
 * The token of a connection: made, not stored, so that it can be shown again although the database holds a hash of it
 * alone (reference connections-module.md, section 14).
 *
 * @returns 32 characters of base62, some 190 bits
 */
export function tokenOf({ secret }: TokenKey, connectionId: string): string {
  let rest = BigInt(`0x${createHmac('sha256', secret).update(connectionId).digest('hex')}`)
  return Array.from({ length }, () => {
    const digit = alphabet[Number(rest % 62n)]
    rest /= 62n
    return digit
  }).join('')
}

/** By what a token is found. */
export const tokenHash = (token: string): Uint8Array => createHash('sha256').update(token).digest()

/** Whether a text has the form of a token; no id has it. */
export const isToken = (text: string): boolean => /^[A-Za-z0-9]{32}$/.test(text)
