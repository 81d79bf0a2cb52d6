import { hash, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Context } from '../context.js'
import type { Client, Identity, Proof } from './identity.js'
import { findStamp } from './sign-in-store.js'

/** Short, so that the uses of a password extend its time in `password-sign-in`. */
const knownMs = 60_000
const maxBytes = 16 * 1024 * 1024

type Known = Identity & { readonly proof: Proof }

/**
 * Remembers the senders of valid credentials. The same credentials from the same network then cost one look-up, shared
 * by many requests: the account and the credential must be unchanged (docs/trust.md, A11).
 *
 * @param identify identifies a sender by all its checks
 * @returns `identify` with this memory; `field` is the value of the Authorization field
 */
export function rememberSenders(
  { db, now }: Pick<Context, 'db' | 'now'>,
  identify: (client: Client, field: string) => Promise<Identity>,
): (client: Client, field: string) => Promise<Identity> {
  // Passwords cannot be read from memory.
  const secret = randomBytes(32).toString('base64')
  const known = new LRUCache<string, Known>({
    maxSize: maxBytes,
    sizeCalculation: ({ account }) => 1_000 + JSON.stringify(account).length,
    ttl: knownMs,
    ttlResolution: 0,
    perf: { now: () => now().getTime() },
  })
  return async (client, field) => {
    const key = hash('sha256', `${secret} ${client.network} ${field}`, 'base64')
    const held = known.get(key)
    if (held && (await findStamp(db, held.proof)) === held.proof.stamp) return held
    const identity = await identify(client, field)
    if (identity.proof) known.set(key, identity as Known)
    return identity
  }
}
