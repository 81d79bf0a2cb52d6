import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { counted } from '../formats.js'
import { ownRights } from '../people/account.js'
import { findSignIn, replaceSecret, type SignIn } from './credential-store.js'
import { type Credentials, type Identity, networkOf, type Refusal, refused } from './identity.js'
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

/** Says whose name and password these are, which came from an address. */
export type PasswordSignIn = (credentials: Credentials, address: string) => Promise<Identity>

/**
 * Makes the function that says whose name and password these are. It does the same whether anybody has the name or not.
 *
 * @returns rejects with Failure `unauthenticated` where they are nobody's, `tooMany` for whoever tried too many wrong
 *   ones, `unavailable` when too many sign in at once
 */
export function passwordSignIn(context: Pick<Context, 'db' | 'sessionKeys' | 'log' | 'now'>): PasswordSignIn {
  const { db, log, now } = context
  const known = knownPasswords(() => now().getTime())
  const addresses = knownAddresses(context)
  // Of several at once with one count, none is checked before those before it were counted.
  const inTurn = keyedMutex()

  const keyOf = (user: string, password: string, found: SignIn | undefined) =>
    known.keyOf([found?.account.id ?? `nobody ${user}`, found?.account.state ?? '', found?.secret ?? '', password])

  const recall = ({ user, password }: Credentials, found: SignIn | undefined) => known.get(keyOf(user, password, found))

  /** Whether the password is right, found out at the cost of a hash. */
  async function verified(credentials: Credentials, address: string, found: SignIn | undefined): Promise<boolean> {
    // First of all, since a refusal by load is to cost little.
    checkHasRoom()
    // An inactive account is as unknown as a name that nobody has, at the same cost.
    const accountId = found?.account.state === 'active' ? found.account.id : nobody
    const triers = throttleKeysOf(credentials.user, address, await addresses.keyOf(accountId, address))
    return inTurn(triers[0].key, async () => recall(credentials, found) ?? hashed(credentials, triers, found))
  }

  async function hashed(
    { user, password }: Credentials,
    triers: ThrottleKeys,
    found: SignIn | undefined,
  ): Promise<boolean> {
    checkHasRoom()
    const seconds = await secondsToWait(db, triers)
    if (seconds > 0) throw tooMany(seconds, reasonOf(found, 'too many wrong passwords'))
    const isRight = (await verifyPassword(found?.secret ?? null, password)) && found?.account.state === 'active'
    known.set(keyOf(user, password, found), isRight)
    if (isRight) await renew(found, password)
    else await count(triers, found)
    return isRight
  }

  async function count(triers: ThrottleKeys, found: SignIn | undefined): Promise<void> {
    const seconds: number[] = []
    for (const trier of triers) seconds.push(await countWrongTry(db, trier))
    await forgetOldTries(db)
    const longest = Math.max(...seconds)
    if (longest > 0) throw tooMany(longest, reasonOf(found, 'one wrong password too many'))
  }

  /** A person is let in whether the hash could be made anew or not. */
  async function renew({ account, secret }: SignIn, password: string): Promise<void> {
    try {
      const fresh = await renewedHash(secret as string, password)
      if (fresh === undefined) return
      await replaceSecret(db, account.id, secret as string, fresh)
      known.set(keyOf('', password, { account, secret: fresh }), true)
    } catch (error) {
      log.warn({ err: error }, 'password not hashed anew')
    }
  }

  return async (credentials, address) => {
    const { user, password } = credentials
    if (!isPossiblePassword(password)) throw refused('what cannot be a password')
    const found = await findSignIn(db, user)
    const isRight = recall(credentials, found) ?? (await verified(credentials, address, found))
    if (found && isRight) {
      await addresses.keep(found.account.id, address)
      return { account: found.account, rights: ownRights }
    }
    const { reason, account } = reasonOf(found, 'wrong password')
    throw refused(reason, account)
  }
}

/** The id of no account. */
const nobody = '00000000-0000-0000-0000-000000000000'

function reasonOf(found: SignIn | undefined, otherwise: string): Refusal {
  if (!found) return { reason: `${otherwise}, unknown name` }
  if (found.account.state !== 'active') return { reason: `${otherwise} or inactive account`, account: found.account.id }
  return { reason: otherwise, account: found.account.id }
}

function tooMany(seconds: number, cause: Refusal): Failure {
  const sentence = `Too many wrong passwords. Please wait ${counted(seconds, 'second')} before the next try.`
  return new Failure('tooMany', sentence, { cause, retryAfter: seconds })
}

const minute = 60_000

/**
 * Which passwords were checked of late, so that one that is sent again and again is hashed once (docs/trust.md, A11). A
 * password is known by a keyed hash over all that decides whether it is right, and the key is of this process alone. So
 * nothing has to be taken out when a password or an account changes, and none can be read out of memory.
 */
interface KnownPasswords {
  /** By what an attempt is known. */
  keyOf(parts: readonly string[]): string
  /** Whether it was right; undefined where nothing is known of it. */
  get(key: string): boolean | undefined
  set(key: string, isRight: boolean): void
}

/** @param now the time in milliseconds */
function knownPasswords(now: () => number): KnownPasswords {
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

/** Makes a function that does work one after the other where it is of the same name, each when the one before ended. */
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
