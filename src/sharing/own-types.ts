import type { Kysely, Transaction } from 'kysely'
import type { Tables } from '../db/tables.js'
import { boundedQueue } from '../db/turns.js'
import { Failure } from '../errors.js'
import type { Account } from '../people/account.js'
import { withoutAddresses } from '../people/hide-email.js'
import { findKnownAccounts, findOrgs, insertApp } from '../people/known-store.js'
import type { ModuleContext } from './context.js'
import { findGrant } from './grant-store.js'
import type { TokenKeys } from './grant.js'
import { complete, type Instance, type ObjectDefinition, ObjectTypes } from './object-types.js'
import { isValid } from './valid.js'

/** People: everyone with an account sees their names, colleagues their details (docs/module.md, Object types). */
const accountsType = (db: Kysely<Tables>, hidesEmail: boolean): ObjectDefinition => ({
  name: 'account',
  plural: 'accounts',
  load: async (ids) => (await findKnownAccounts(db, ids)).map(({ account }) => instanceOf(account, hidesEmail)),
  properties: {
    name: 'public',
    image: 'public',
    key: 'connected',
    userId: 'connected',
    email: 'connected',
    profile: 'connected',
    login: 'read',
    roles: 'read',
  },
  ...accountRights,
})

/** A person as the module shows one. */
export function instanceOf(account: Account, hidesEmail: boolean): Instance {
  const shown = hidesEmail ? withoutAddresses(account) : account
  const { id, key, userId, login, email, name, profile, roles } = shown
  const [first = '', ...rest] = name.split(' ')
  return {
    _id: id,
    key,
    userId,
    login,
    email,
    name: { first: profile.givenName ?? first, last: profile.familyName ?? rest.join(' '), display: name },
    image: `/profiles/photo.do?key=${key}`,
    profile,
    roles,
  }
}

/** The organisation itself. */
const orgsType = (db: Kysely<Tables>): ObjectDefinition => ({
  name: 'org',
  plural: 'orgs',
  load: async (ids) => (await findOrgs(db, ids)).map(({ id, name }) => ({ _id: id, name })),
  properties: { name: 'none' },
  title: 'name',
  acl: [{ type: 'role', target: 'admin', allow: 'delete' }],
  shareChain: ['connected'],
  leastAccess: 'none',
})

/** Types of the server itself, which take no connections. */
export const closedTypes: readonly ObjectDefinition[] = ['connection', 'notification', 'event', 'role', 'app'].map(
  (name) => ({
    name,
    plural: `${name}s`,
    load: () => Promise.resolve([]),
    properties: {},
    allowConnections: false,
  }),
)

/** How many calls of a program run at once: enough for a slow `load`, few enough for the pool of connections. */
const concurrency = 20

/** How many more may wait. */
const maxWaiting = 5000

/** How long one waits while none comes to an end, in milliseconds, unless it is said. */
const defaultWaitMs = 10_000

/** Makes the module ready on a database that has its schema: with the types that every site has, and the site's app. */
export async function createModuleContext(
  db: Kysely<Tables>,
  {
    tokenKeys,
    appKey,
    baseUrl,
    hidesEmail = false,
    longestWaitMs = defaultWaitMs,
  }: {
    tokenKeys: TokenKeys
    appKey: string | null
    baseUrl: string | null
    hidesEmail?: boolean
    longestWaitMs?: number | undefined
  },
): Promise<ModuleContext> {
  const types = new ObjectTypes()
  for (const definition of [accountsType(db, hidesEmail), orgsType(db), ...closedTypes]) types.define(definition)
  if (appKey !== null) await insertApp(db, appKey)
  const inTurn = boundedQueue(concurrency, maxWaiting, longestWaitMs)
  return { db, types, tokenKeys, appKey, baseUrl, hidesEmail, inTurn }
}

/** What everyone has of an account without a connection, and what may be passed on of it: at every door. */
export const accountRights = {
  owner: ({ _id }) => _id,
  acl: [
    { type: 'self', allow: 'delete' },
    { type: 'role', target: 'admin', allow: 'delete' },
    { type: 'account', target: 'signed-in', allow: 'public' },
  ],
  shareChain: ['update', 'share', 'read', 'connected'],
} satisfies Partial<ObjectDefinition>

const names = { name: 'account', plural: 'accounts' }
const accounts = complete({ ...names, ...accountRights, load: () => Promise.resolve([]), properties: {} })

/**
 * Whether an invitation between two accounts may be accepted: the account that made it must be active, and if that is a third
 * account, still be allowed to invite on the inviter's behalf.
 *
 * @throws Failure `forbidden`
 */
export async function checkMayBeAccepted(db: Transaction<Tables>, connectionId: string): Promise<void> {
  const grant = await findGrant(db, connectionId)
  if (!grant || (await isValid(db, accounts, { _id: grant.contextId }, grant))) return
  throw new Failure('forbidden', 'This invitation is not valid any more. Decline it, or invite the person yourself.')
}
