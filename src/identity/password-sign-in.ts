import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { counted } from '../formats.js'
import { ownRights } from '../people/account.js'
import { replaceSecret } from './credential-store.js'
import { findSignIn, type SignIn } from './sign-in-store.js'
import { type Credentials, type Identity, networkOf, type RefusalReason, refused } from './identity.js'
import { checkHasRoom, isPossiblePassword, renewedHash, verifyPassword } from './password.js'
import {
  countWrongTry,
  findKnownAddress,
  forgetOldTries,
  secondsToWait,
  storeAddress,
  type ThrottleKeys,
  throttleKeysOf,
} from './throttle-store.js'

/** Finds the account of a name and password. @param address client address, used to throttle guesses */
export type PasswordSignIn = (credentials: Credentials, address: string) => Promise<Identity>

/**
 * Creates the password check of this process. It does the same work for known and unknown names.
 *
 * @returns a function that rejects with Failure `unauthenticated` for a wrong name or password, `tooMany` after too
 *   many wrong passwords, `unavailable` if too many users sign in at once
 */
export function passwordSignIn(context: Pick<Context, 'db' | 'sessionKeys' | 'log' | 'now'>): PasswordSignIn {
  const { db, log, now } = context
  const known = knownPasswords(() => now().getTime())
  const addresses = knownAddresses(context)
  // Guesses under one throttle key are checked one at a time, so that each is counted before the next.
  const inTurn = keyedMutex()

  const keyOf = (user: string, password: string, found: SignIn | undefined) =>
    known.keyOf([found?.account.id ?? `unknown ${user}`, found?.account.state ?? '', found?.secret ?? '', password])

  const recall = ({ user, password }: Credentials, found: SignIn | undefined) => known.get(keyOf(user, password, found))

  /** Whether the password is right, usually at the cost of one hash. */
  async function verified(credentials: Credentials, address: string, found: SignIn | undefined): Promise<boolean> {
    // First, so that a refusal under load is cheap.
    checkHasRoom()
    // An inactive account is treated like an unknown name, at the same cost.
    const accountId = found?.account.state === 'active' ? found.account.id : noAccountId
    const keys = throttleKeysOf(credentials.user, address, await addresses.keyOf(accountId, address))
    return inTurn(keys[0].key, async () => recall(credentials, found) ?? hashed(credentials, keys, found))
  }

  async function hashed(
    { user, password }: Credentials,
    keys: ThrottleKeys,
    found: SignIn | undefined,
  ): Promise<boolean> {
    checkHasRoom()
    const seconds = await secondsToWait(db, keys)
    if (seconds > 0) throw tooMany(seconds, reasonOf(found, 'too many wrong passwords'))
    const isRight = (await verifyPassword(found?.secret ?? null, password)) && found?.account.state === 'active'
    known.set(keyOf(user, password, found), isRight)
    if (isRight) await renew(found, password)
    else await count(keys, found)
    return isRight
  }

  async function count(keys: ThrottleKeys, found: SignIn | undefined): Promise<void> {
    const seconds: number[] = []
    for (const key of keys) seconds.push(await countWrongTry(db, key))
    await forgetOldTries(db)
    const longest = Math.max(...seconds)
    if (longest > 0) throw tooMany(longest, reasonOf(found, 'wrong password, limit reached'))
  }

  /** Replaces a hash with outdated parameters. Failing to do so must not fail the sign-in. */
  async function renew({ account, secret }: SignIn, password: string): Promise<void> {
    try {
      const fresh = await renewedHash(secret as string, password)
      if (fresh === undefined) return
      await replaceSecret(db, account.id, secret as string, fresh)
      known.set(keyOf('', password, { account, secret: fresh }), true)
    } catch (error) {
      log.warn({ err: error }, 'password not rehashed')
    }
  }

  return async (credentials, address) => {
    const { user, password } = credentials
    if (!isPossiblePassword(password)) throw refused('impossible password')
    const found = await findSignIn(db, user)
    const isRight = recall(credentials, found) ?? (await verified(credentials, address, found))
    if (found && isRight) {
      await addresses.store(found.account.id, address)
      return { account: found.account, rights: ownRights, ...(found.proof && { proof: found.proof }) }
    }
    const { reason, account } = reasonOf(found, 'wrong password')
    throw refused(reason, account)
  }
}

/** An id that no account has. */
const noAccountId = '00000000-0000-0000-0000-000000000000'

function reasonOf(found: SignIn | undefined, otherwise: string): RefusalReason {
  if (!found) return { reason: `${otherwise}, unknown name` }
  if (found.account.state !== 'active') return { reason: `${otherwise} or inactive account`, account: found.account.id }
  return { reason: otherwise, account: found.account.id }
}

function tooMany(seconds: number, cause: RefusalReason): Failure {
  const sentence = `Too many wrong passwords. Please wait ${counted(seconds, 'second')} before the next try.`
  return new Failure('tooMany', sentence, { cause, retryAfter: seconds })
}

const minute = 60_000

/**
 * Cache of checked passwords, so that a password sent with every request is hashed once (docs/trust.md, A11). Its keys
 * are HMACs of all values that decide the result, with a secret of this process. A changed password or account
 * therefore needs no invalidation, and passwords cannot be read from memory.
 */
interface KnownPasswords {
  /** The cache key of an attempt. */
  keyOf(parts: readonly string[]): string
  /** Whether the password was right; undefined if it is not cached. */
  get(key: string): boolean | undefined
  set(key: string, isRight: boolean): void
}

/** @param now the time in milliseconds */
function knownPasswords(now: () => number): KnownPasswords {
  const secret = randomBytes(32)
  const cache = (max: number, ttl: number, updateAgeOnGet: boolean) =>
    new LRUCache<string, true>({ max, ttl, updateAgeOnGet, ttlResolution: 0, perf: { now } })
  // Two caches, so that guesses cannot evict right passwords. Each use extends the lifetime of a right one.
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

/** Keyed mutex: tasks with the same name run one after another. */
function keyedMutex(): <Result>(name: string, work: () => Promise<Result>) => Promise<Result> {
  const last = new Map<string, Promise<unknown>>()
  return (name, work) => {
    const turn = (last.get(name) ?? Promise.resolve()).then(work, work)
    last.set(name, turn)
    const leave = () => {
      if (last.get(name) === turn) last.delete(name)
    }
    turn.then(leave, leave)
    return turn
  }
}

/**
 * Addresses of recent sign-ins. Failures from a known address are counted separately, so that guesses from elsewhere
 * cannot lock users out at their usual address (docs/trust.md, A7).
 */
interface KnownAddresses {
  /** The throttle key of an account at an address; undefined without a sign-in from there in the last 30 days. */
  keyOf(accountId: string, address: string): Promise<string | undefined>
  /** Records a sign-in, with at most one statement per address and day. */
  store(accountId: string, address: string): Promise<void>
}

const day = 86_400_000
/**
 * Maximum number of addresses that a process stores per account and day. Bounds the cost of an account with a
 * constantly changing address.
 */
const maxAddressesADay = 100

/**
 * Opens the store of known addresses. The database holds a keyed hash of account and network, never the address. While
 * the token secret is being changed, hashes under the old and the new secret both match.
 */
function knownAddresses({
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
  const stored = new LRUCache<string, true>(memory)
  const writes = new LRUCache<string, number>({ ...memory, noUpdateTTL: true })
  return {
    keyOf: async (accountId, address) => {
      const hash = await findKnownAddress(db, accountId, hashesOf(accountId, address))
      return hash?.toString('base64')
    },
    store: async (accountId, address) => {
      const [hash] = hashesOf(accountId, address)
      if (!hash) return
      const name = hash.toString('base64')
      const written = writes.get(accountId) ?? 0
      if (stored.has(name) || written >= maxAddressesADay) return
      // Set before the statement, so that concurrent requests write once.
      stored.set(name, true)
      writes.set(accountId, written + 1)
      try {
        await storeAddress(db, accountId, hash)
      } catch (error) {
        stored.delete(name)
        // Failing to record an address must not fail the sign-in.
        log.warn({ err: error }, 'sign-in address not stored')
      }
    },
  }
}
