import type { Kysely } from 'kysely'
import { accountRights } from '../connections/grants/account-type.js'
import { findKnown, findOrgs } from '../connections/grants/directory-store.js'
import type { Instance, ObjectDefinition } from '../connections/grants/object-type.js'
import type { Account } from '../accounts/account.js'
import { withoutAddresses } from '../accounts/without-addresses.js'
import type { Tables } from '../db/tables.js'

/** People: everyone with an account sees their names, colleagues their details (reference, section 3). */
export const accountsType = (db: Kysely<Tables>, hidesEmail: boolean): ObjectDefinition => ({
  name: 'account',
  plural: 'accounts',
  load: async (ids) => (await findKnown(db, ids)).map(({ account }) => instanceOf(account, hidesEmail)),
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
export const orgsType = (db: Kysely<Tables>): ObjectDefinition => ({
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
