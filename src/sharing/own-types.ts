import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import type { Account } from '../people/account.js'
import type { Presenter } from '../people/hide-email.js'
import { findKnownAccounts, findOrgs } from '../people/known-store.js'
import { complete, type Instance, type ObjectDefinition, type ObjectType, ObjectTypes } from './object-types.js'

/** The built-in types of every site (docs/module.md, Object types). */
export function siteTypes(db: Kysely<Tables>, presenter: Presenter): ObjectTypes {
  const types = new ObjectTypes()
  for (const definition of [accountsType(db, presenter), orgsType(db), ...closedTypes]) types.define(definition)
  return types
}

/** The access lists of accounts, for the Atom API and the module. */
const accountRights = {
  owner: ({ _id }) => _id,
  acl: [
    { type: 'self', allow: 'delete' },
    { type: 'role', target: 'admin', allow: 'delete' },
    { type: 'account', target: 'signed-in', allow: 'public' },
  ],
  shareChain: ['update', 'share', 'read', 'connected'],
} satisfies Partial<ObjectDefinition>

const accountNames = { name: 'account', plural: 'accounts' }

/** The type of accounts with only its access lists, for code without a module. */
export const accounts: ObjectType = complete({
  ...accountNames,
  ...accountRights,
  load: () => Promise.resolve([]),
  properties: {},
})

const accountsType = (db: Kysely<Tables>, presenter: Presenter): ObjectDefinition => ({
  ...accountNames,
  ...accountRights,
  load: async (ids) => (await findKnownAccounts(db, ids)).map(({ account }) => instanceOf(account, presenter)),
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
})

/** A person as an object of the module. */
export function instanceOf(account: Account, presenter: Presenter): Instance {
  const { id, key, userId, login, email, name, profile, roles } = presenter.account(account)
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

/** Built-in types without connections. */
export const closedTypes: readonly ObjectDefinition[] = ['connection', 'notification', 'event', 'role', 'app'].map(
  (name) => ({
    name,
    plural: `${name}s`,
    load: () => Promise.resolve([]),
    properties: {},
    allowConnections: false,
  }),
)
