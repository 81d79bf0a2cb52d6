import { LRUCache } from 'lru-cache'
import { checkMaySeeProfiles, checkRight } from '../connections/rules.js'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { counted } from '../formats.js'
import { hasCredentials, type Identity } from '../identity/identity.js'
import type { Account, Caller, PersonRef, Right } from '../people/account.js'
import { type Head, isSafe } from './exchange.js'

/** Limits requests per minute. A request counts only once: for its account, or else its network (docs/trust.md, H2). */
export interface Quotas {
  /** Counts a request of an account. @throws Failure `tooMany` */
  readonly countAccount: (head: Head, accountId: string) => void
  /** Counts a request without valid credentials. @throws Failure `tooMany` */
  readonly countNetwork: (head: Head) => void
}

type Services = Pick<Context, 'config'> & { readonly quotas: Quotas }

/**
 * Admits a request: identifies the account, counts the request against a quota, and checks that the credential has the
 * required right.
 *
 * @param needed the required right; by default `read` or `write`, depending on the method
 * @returns the account; null for a request without credentials
 * @throws Failure as `identifier` (`identity/authenticate.ts`); `tooMany` above the quota; `forbidden` if the
 *   credential lacks the right
 */
export async function admit({ quotas }: Services, head: Head, needed: Right = rightFor(head)): Promise<Caller> {
  const identity = await identify(quotas, head)
  if (!identity) {
    quotas.countNetwork(head)
    return null
  }
  const { account, rights } = identity
  head.progress.account = account.id
  quotas.countAccount(head, account.id)
  checkRight(rights, needed)
  return account
}

const rightFor = (head: Head): Right => (isSafe(head) ? 'read' : 'write')

async function identify(quotas: Quotas, head: Head): Promise<Identity | null> {
  if (!hasCredentials(head.client)) return null
  try {
    return await head.identity()
  } catch (error) {
    if (error instanceof Failure && error.code === 'unauthenticated') quotas.countNetwork(head)
    throw error
  }
}

/**
 * As `admit`, for requests about people and profiles.
 *
 * @throws Failure as `admit`; `unauthenticated` also for an anonymous request if the site requires a sign-in
 */
export async function admitViewer(services: Services, head: Head): Promise<Caller> {
  const caller = await admit(services, head)
  checkMaySeeProfiles(caller, services.config.REQUIRE_SIGN_IN)
  return caller
}

/**
 * The person that a request names, or else the caller.
 *
 * @throws Failure `unauthenticated` for an anonymous request that names no person
 */
export const personMeant = (caller: Caller, person: PersonRef | undefined): PersonRef =>
  person ?? { by: 'key', value: signedInViewer(caller).key }

/** @throws Failure `unauthenticated` for an anonymous request */
export function signedInViewer(caller: Caller): Account {
  if (caller) return caller
  throw new Failure(
    'unauthenticated',
    'Sign in to see your own profile, or name a person by userid, key, email, uid or distinguishedName.',
  )
}

/** Creates the quotas of this process. */
export function openQuotas({ config, now }: Pick<Context, 'config' | 'now'>): Quotas {
  const { REQUESTS_PER_MINUTE, ANONYMOUS_PER_MINUTE } = config
  const time = () => now().getTime()
  const countAccount = quota(REQUESTS_PER_MINUTE, time, `An account may send ${REQUESTS_PER_MINUTE} requests a minute;`)
  const countNetwork = quota(
    ANONYMOUS_PER_MINUTE,
    time,
    `One address may send ${ANONYMOUS_PER_MINUTE} requests a minute without signing in. Sign in, or`,
  )
  return {
    countAccount: ({ progress }, accountId) => void (progress.refund ??= countAccount(accountId)),
    countNetwork: ({ client, progress }) => void (progress.refund ??= countNetwork(client.network)),
  }
}

const minute = 60_000
/** Limits memory use during a flood of requests from many networks. */
const maxKeys = 10_000

/**
 * Creates a request counter. Counts start again from zero with every minute of the clock.
 *
 * @param max the number of requests that a key may send in a minute
 * @param now returns the current time in milliseconds
 * @param rule the start of the refusal message, up to the word `wait`
 * @returns a function that counts a request for a key and returns its refund. Requests answered with a 304 are
 *   refunded, so that clients may poll often. Throws Failure `tooMany` after `max` requests in the same minute
 */
function quota(max: number, now: () => number, rule: string): (key: string) => () => void {
  const counts = new LRUCache<string, { readonly minute: number; count: number }>({ max: maxKeys })
  return (key) => {
    const time = now()
    const known = counts.get(key)
    const current = Math.floor(time / minute)
    const entry = known?.minute === current ? known : { minute: current, count: 0 }
    if (entry.count >= max) {
      const retryAfter = Math.ceil(((current + 1) * minute - time) / 1000)
      throw new Failure('tooMany', `${rule} wait ${counted(retryAfter, 'second')}.`, { retryAfter })
    }
    entry.count++
    counts.set(key, entry)
    return () => void entry.count--
  }
}
