import { AsyncLocalStorage } from 'node:async_hooks'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import type { Queue } from '../db/turns.js'
import { Refusal } from '../faults.js'
import type { Presenter } from '../people/hide-email.js'
import { findKnownAccounts } from '../people/known-store.js'
import {
  type Access,
  accessTo,
  type Action,
  joined,
  noAccess,
  type Principal,
  principalFor,
  withoutPrivilege,
} from './access.js'
import { findActive } from './grant-store.js'
import { contextIdOf, givenOn, type Grant, toAccess, tokenHash, type TokenKeys, tokenOf } from './grant.js'
import { type Instance, type Level, levels, type ObjectType, type ObjectTypes } from './object-types.js'
import { readPrivileges } from './options.js'
import { isStillGranted, validityOf } from './policy.js'

/** The database, types and settings that all functions of the module share. */
export interface ModuleContext {
  readonly db: Kysely<Tables>
  readonly types: ObjectTypes
  readonly tokenKeys: TokenKeys
  /** The default app key of callers. */
  readonly appKey: string | null
  /** Public base URL of links; null if unknown. */
  readonly baseUrl: string | null
  readonly presenter: Presenter
  /** The queue for calls by programs in this process. */
  readonly inTurn: Queue
}

/** Privileges that server code gives a caller; no request can ask for them (docs/trust.md, Z6). */
export interface Privileges {
  /** Skips all checks of access. */
  readonly skipAcl?: boolean
  /** The caller's minimum level on every context. */
  readonly grant?: Level
  /** The app of the caller's connections; null for none. By default the site's own. */
  readonly appKey?: string | null
  /** Allowed actions on connections; by default all. */
  readonly scope?: readonly Action[] | null
  /** Id of the request, for the audit. */
  readonly requestId?: string | null
}

/** A caller of the module, with its privileges. The account id is null for an anonymous caller. */
export interface Caller extends Privileges {
  readonly accountId: string | null
}

/** The module and the caller of a call. */
export interface CallerScope {
  readonly module: ModuleContext
  readonly caller: Caller
}

const storage = new AsyncLocalStorage<CallerScope>()

/** Runs a function, and everything that it awaits, in a scope. */
export const runIn = <Result>(scope: CallerScope, work: () => Result): Result => storage.run(scope, work)

/** The current scope. @throws Refusal `accessDenied.notLoggedIn` outside any scope */
export function currentScope(): CallerScope {
  const scope = storage.getStore()
  if (scope) return scope
  throw new Refusal('accessDenied.notLoggedIn', { reason: 'Call this inside a request, or inside runAs.' })
}

/**
 * The caller with current rights, read from the database.
 *
 * @throws Refusal `invalidArgument` for a malformed or unknown privilege
 */
export async function principalOf({ module, caller }: CallerScope): Promise<Principal> {
  const { accountId, appKey = module.appKey, requestId = null } = caller
  const rights = readPrivileges(caller)
  const [known] = accountId === null ? [] : await findKnownAccounts(module.db, [accountId])
  return principalFor(known, { ...rights, appKey, requestId })
}

/** The type with this name. @throws Refusal `invalidArgument.object` */
export function typeOf({ types }: Pick<ModuleContext, 'types'>, name: string): ObjectType {
  const type = types.find(name)
  if (type) return type
  // JavaScript programs may pass any value, but the path of a fault must be a string.
  throw new Refusal('invalidArgument.object', { path: typeof name === 'string' ? name : 'objects' })
}

/** Loads an object; undefined if the id is malformed or unknown. */
export async function load(type: ObjectType, id: string): Promise<Instance | undefined> {
  const known = contextIdOf(type.name, id)
  return known === undefined ? undefined : (await type.load([known]))[0]
}

/** The caller's access to an object, read with `db`, possibly a transaction. */
export async function accessOf(
  db: Kysely<Tables>,
  type: ObjectType,
  context: Instance,
  principal: Principal,
): Promise<Access> {
  return (await accessOfEach(db, type, [context], principal))[0] as Access
}

/** The caller's access to each of some objects of one type, with one query. */
export async function accessOfEach(
  db: Kysely<Tables>,
  type: ObjectType,
  contexts: readonly Instance[],
  principal: Principal,
): Promise<Access[]> {
  const { account } = principal
  const ids = contexts.map(({ _id }) => _id)
  const active = account === null ? [] : await findActive(db, type.name, ids, account.id)
  return contexts.map((context) => {
    // A connection of two accounts gives each of them access to the other.
    const given = active.filter(
      ({ contextId, targetId }) => context._id === (targetId === account?.id ? contextId : targetId),
    )
    return accessTo(type, context, principal, joined(...given.map((grant) => toAccess(givenOn(grant, context._id)))))
  })
}

/** The caller's access without privileges. @param mine the caller's access */
export async function ordinaryAccess(
  db: Kysely<Tables>,
  type: ObjectType,
  context: Instance,
  principal: Principal,
  mine: Access,
): Promise<Access> {
  if (!principal.skipAcl && principal.grant === levels.none) return mine
  return accessOf(db, type, context, withoutPrivilege(principal))
}

/** Whether an invitation or a link is valid (`validityOf`). @param context undefined if the object no longer exists */
export async function isValid(
  db: Kysely<Tables>,
  type: ObjectType,
  context: Instance | undefined,
  grant: Grant,
): Promise<boolean> {
  const [creator] = await findKnownAccounts(db, [grant.creatorId])
  const known = validityOf(grant, creator, context)
  if (known !== undefined || !context) return known ?? false
  const principal = principalFor(creator)
  return isStillGranted({ type, context, principal }, await accessOf(db, type, context, principal), grant)
}

/** An object, and the caller's access to it. */
export interface Loaded {
  readonly instance: Instance
  readonly access: Access
}

/** Adds the caller's access to objects that are already loaded. */
export async function withAccess(
  { db }: Pick<ModuleContext, 'db'>,
  principal: Principal,
  type: ObjectType,
  instances: readonly Instance[],
): Promise<Loaded[]> {
  const access = await accessOfEach(db, type, instances, principal)
  return instances.map((instance, index) => ({ instance, access: access[index] ?? noAccess }))
}

/** The key of a context in the result of `loadContexts`. */
export const keyOf = ({ object, contextId }: Pick<Grant, 'object' | 'contextId'>) => `${object} ${contextId}`

/** Loads the contexts of connections with the caller's access, one type after the other. */
export async function loadContexts(
  module: ModuleContext,
  principal: Principal,
  grants: readonly Pick<Grant, 'object' | 'contextId'>[],
): Promise<Map<string, Loaded>> {
  const loaded = new Map<string, Loaded>()
  for (const object of new Set(grants.map((grant) => grant.object))) {
    const ids = grants.filter((grant) => grant.object === object).map(({ contextId }) => contextId)
    const type = typeOf(module, object)
    for (const each of await withAccess(module, principal, type, await type.load([...new Set(ids)]))) {
      loaded.set(keyOf({ object, contextId: each.instance._id }), each)
    }
  }
  return loaded
}

/** Derives the token of a connection again; null if the connection has none, or its key is unknown. */
export function tokenAgain({ tokenKeys }: Pick<ModuleContext, 'tokenKeys'>, { id, tokenKey }: Grant): string | null {
  const key = tokenKeys.find((each) => each.id === tokenKey)
  return key ? tokenOf(key, id) : null
}

/** The hash of a connection's token, as stored in the database; null if the token cannot be derived. */
export function hashOf(module: Pick<ModuleContext, 'tokenKeys'>, grant: Grant): Uint8Array | null {
  const token = tokenAgain(module, grant)
  return token === null ? null : tokenHash(token)
}

/** The ingredients of a link: the token keys and the public base URL, null if unknown. */
export type Place = Pick<ModuleContext, 'tokenKeys' | 'baseUrl'>

/**
 * The URL with the token of a connection: on the pages of the connection's app or, if the app has no pages, on this
 * site.
 *
 * @param base base URL of the app's pages, if any
 * @returns null if the connection has no token or no app, or if no base URL is known
 */
export function urlOf({ tokenKeys, baseUrl }: Place, grant: Grant, base: string | undefined): string | null {
  const token = tokenAgain({ tokenKeys }, grant)
  if (token === null || grant.appKey === null) return null
  if (base !== undefined) return `${base.replace(/\/$/, '')}/connection/${token}`
  return baseUrl === null ? null : `${baseUrl}/v2/connections/${token}`
}
