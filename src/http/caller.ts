import { LRUCache } from 'lru-cache'
import { checkMaySeeProfiles, checkRight } from '../connections/rules.js'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { counted } from '../formats.js'
import { hasCredentials, type Identity } from '../identity/identity.js'
import type { Account, Caller, PersonRef, Right } from '../people/account.js'
import { type Head, isSafe } from './exchange.js'

/** Counts requests by the minute. A request counts once, for its account or its network (docs/trust.md, H2). */
export interface Quotas {
  /** @throws Failure `tooMany` */
  readonly countAccount: (head: Head, accountId: string) => void
  /** For a request without valid credentials. @throws Failure `tooMany` */
  readonly countNetwork: (head: Head) => void
}

type Services = Pick<Context, 'config'> & { readonly quotas: Quotas }

/**
 * Admits the sender of a request: identifies the account, counts the request for its quota, and checks the right of the
 * credential.
 *
 * @param needed the right that the request needs, by default the one for its method
 * @returns null for a request without credentials
 * @throws Failure as `identifier` (identity); `tooMany` beyond the quota; `forbidden` if the credential lacks the right
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

/** As `admit`, for people and profiles. @throws Failure `unauthenticated` also if the site requires a sign-in */
export async function admitViewer(services: Services, head: Head): Promise<Caller> {
  const caller = await admit(services, head)
  checkMaySeeProfiles(caller, services.config.REQUIRE_SIGN_IN)
  return caller
}

/** The person that a request names, else the caller. @throws Failure `unauthenticated` if there is neither */
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

/** Makes the quotas of this process. */
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
/** Bounds the memory under a flood from many networks. */
const maxKeys = 10_000

/**
 * Makes a counter of requests by the calendar minute.
 *
 * @param now the time in milliseconds
 * @param rule a sentence about `max`, up to the word `wait`
 * @returns counts a request of this key, and returns its refund: requests that end in a 304 are free, so that clients
 *   may poll often. Throws Failure `tooMany` after `max` requests in this minute
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
