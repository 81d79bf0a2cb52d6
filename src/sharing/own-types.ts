import type { ModuleContext } from './world.js'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { boundedQueue } from '../db/turns.js'
import type { Account } from '../people/account.js'
import { withoutAddresses } from '../people/hide-email.js'
import { findKnownAccounts, findOrgs, insertApp } from '../people/known-store.js'
import { accountRights } from './account-type.js'
import type { TokenKeys } from './grant.js'
import { type Instance, type ObjectDefinition, ObjectTypes } from './object-types.js'

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
