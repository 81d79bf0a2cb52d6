import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'

const minute = 60_000

/**
 * Which passwords were checked of late, so that one that is sent again and again is hashed once (trust, 4.3). A password
 * is known by a keyed hash over all that decides whether it is right, and the key is of this process alone. So nothing
 * has to be taken out when a password or an account changes, and none can be read out of memory.
 */
export interface KnownPasswords {
  /** By what an attempt is known. */
  keyOf(parts: readonly string[]): string
  /** Whether it was right; undefined where nothing is known of it. */
  get(key: string): boolean | undefined
  set(key: string, isRight: boolean): void
}

/** @param now the time in milliseconds */
export function knownPasswords(now: () => number): KnownPasswords {
  const secret = randomBytes(32)
  const cache = (max: number, ttl: number, updateAgeOnGet: boolean) =>
    new LRUCache<string, true>({ max, ttl, updateAgeOnGet, ttlResolution: 0, perf: { now } })
  // Whoever polls stays known, also while others guess. What is wrong is apart, and cannot push out what is right.
  const right = cache(10_000, 5 * minute, true)
  const wrong = cache(1_000, 60 * minute, false)
  return {
    keyOf: (parts) => {
      const hmac = createHmac('sha256', secret)
      for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part)
      return hmac.digest('base64')
    },
    get: (key) => right.get(key) ?? (wrong.has(key) ? false : undefined),
    set: (key, isRight) => void (isRight ? right : wrong).set(key, true),
  }
}
