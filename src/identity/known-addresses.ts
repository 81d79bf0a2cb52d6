import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Context } from '../context.js'
import { findKnownAddress, storeAddress } from './known-address-store.js'
import { networkOf } from './throttle-store.js'

/**
 * From which addresses accounts signed in of late. Wrong passwords from elsewhere must not lock a person out at home,
 * so an account's wrong tries from a known address are counted apart (docs/trust.md, A7).
 */
interface KnownAddresses {
  /** The key of that count; undefined if the account did not sign in from there within 30 days. */
  keyOf(accountId: string, address: string): Promise<string | undefined>
  /** The account signed in from this address. Costs a statement once a day. */
  keep(accountId: string, address: string): Promise<void>
}

const day = 86_400_000
/**
 * How many addresses of an account a process writes down in a day: one that comes from ever new ones must not cost
 * more.
 */
const maxWrites = 100

/**
 * The database holds a keyed hash of account and network, never the address. While a secret is replaced, an address is known
 * by either.
 */
export function knownAddresses({
  db,
  sessionKeys,
  log,
  now,
}: Pick<Context, 'db' | 'sessionKeys' | 'log' | 'now'>): KnownAddresses {
  const keys = sessionKeys.map((key) => createHmac('sha256', key).update('known addresses').digest())
  const hashesOf = (accountId: string, address: string) => {
    const text = `${accountId} ${networkOf(address)}`
    return keys.map((key) => createHmac('sha256', key).update(text).digest())
  }
  const memory = { max: 10_000, ttl: day, perf: { now: () => now().getTime() } }
  const kept = new LRUCache<string, true>(memory)
  const writes = new LRUCache<string, number>({ ...memory, noUpdateTTL: true })
  return {
    keyOf: async (accountId, address) => {
      const hash = await findKnownAddress(db, accountId, hashesOf(accountId, address))
      return hash?.toString('base64')
    },
    keep: async (accountId, address) => {
      const [hash] = hashesOf(accountId, address)
      if (!hash) return
      const name = hash.toString('base64')
      const written = writes.get(accountId) ?? 0
      if (kept.has(name) || written >= maxWrites) return
      // Before the database has it, so that many requests at once write once.
      kept.set(name, true)
      writes.set(accountId, written + 1)
      try {
        await storeAddress(db, accountId, hash)
      } catch (error) {
        kept.delete(name)
        // Failing to record an address must not fail the sign-in.
        log.warn({ err: error }, 'address of a sign-in not kept')
      }
    },
  }
}
