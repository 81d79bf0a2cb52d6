import { AsyncLocalStorage } from 'node:async_hooks'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import type { Queue } from '../db/turns.js'
import { Fault } from '../faults.js'
import { findKnownAccounts } from '../people/known-store.js'
import { type Access, accessTo, type Action, joined, type Principal, type Wish } from './access.js'
import { findActive } from './grant-store.js'
import { contextIdOf, givenOn, type Grant, tokenHash, type TokenKeys, tokenOf } from './grant.js'
import { type Instance, type Level, levels, type ObjectType, type ObjectTypes } from './object-types.js'
import { privileges, readOptionsAs } from './options.js'

/** The database, types and settings that the functions of the module share. */
export interface ModuleContext {
  readonly db: Kysely<Tables>
  readonly types: ObjectTypes
  readonly tokenKeys: TokenKeys
  /** The app of a caller who names none. */
  readonly appKey: string | null
  /** Public base of links. */
  readonly baseUrl: string | null
  /** Whether e-mail addresses are neither shown nor taken as names. */
  readonly hidesEmail: boolean
  /** The queue of what programs call in this process. */
  readonly inTurn: Queue
}

/** A type that is known by this name. @throws Fault `invalidArgument.object` */
export function typeOf({ types }: Pick<ModuleContext, 'types'>, name: string): ObjectType {
  const type = types.find(name)
  if (type) return type
  // A program may give anything, and a path is a text.
  throw new Fault('invalidArgument.object', { path: typeof name === 'string' ? name : 'objects' })
}

/** Loads an object; undefined where there is none. */
export async function load(type: ObjectType, id: string): Promise<Instance | undefined> {
  const known = contextIdOf(type.name, id)
  return known === undefined ? undefined : (await type.load([known]))[0]
}

/** What a caller has of an object, as things stand in this transaction. */
export async function accessOf(
  db: Kysely<Tables>,
  type: ObjectType,
  context: Instance,
  principal: Principal,
): Promise<Access> {
  return (await accessOfEach(db, type, [context], principal))[0] as Access
}

/** What a caller has of each of some objects of one type, by one statement. */
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
    // Between two accounts, what is given is of the other one.
    const given = active.filter(
      ({ contextId, targetId }) => context._id === (targetId === account?.id ? contextId : targetId),
    )
    return accessTo(type, context, principal, joined(...given.map((grant) => toAccess(givenOn(grant, context._id)))))
  })
}

const toAccess = ({ access, roles }: Wish): Access => ({ level: access, roles: new Set(roles) })

/** What a connection gives its target of the context: while it is pending, a look at what is public. */
export const accessGiven = ({ state, access, roles }: Pick<Grant, 'state' | 'access' | 'roles'>): Access =>
  toAccess(state === 'pending' ? { access: levels.public, roles: [] } : { access, roles })

/** The token of a connection, and what the database keeps of it. */
export function newToken({ tokenKeys: [key] }: Pick<ModuleContext, 'tokenKeys'>, connectionId: string) {
  return { tokenHash: tokenHash(tokenOf(key, connectionId)), tokenKey: key.id }
}

/** The token of a connection again; null where it has none, or none by a key that is known. */
export function tokenAgain({ tokenKeys }: Pick<ModuleContext, 'tokenKeys'>, { id, tokenKey }: Grant): string | null {
  const key = tokenKeys.find((each) => each.id === tokenKey)
  return key ? tokenOf(key, id) : null
}

/** What addresses are made of. */
export interface Place extends Pick<ModuleContext, 'tokenKeys'> {
  /** Public base of links; null where it is not known. */
  readonly baseUrl: string | null
}

/**
 * Where the token of a connection leads: to the pages of its app, else to this site.
 *
 * @param base where the app has its pages, if it has any
 * @returns null where there is no token, no app or no such place
 */
export function urlOf({ tokenKeys, baseUrl }: Place, grant: Grant, base: string | undefined): string | null {
  const token = tokenAgain({ tokenKeys }, grant)
  if (token === null || grant.appKey === null) return null
  if (base !== undefined) return `${base.replace(/\/$/, '')}/connection/${token}`
  return baseUrl === null ? null : `${baseUrl}/v2/connections/${token}`
}

/** What server code may let a caller do beyond his own rights; no request can ask for it (docs/trust.md, Z6). */
export interface Privileges {
  /** Acts as if no access had to be checked. */
  readonly skipAcl?: boolean
  /** A level that the caller has of every context, at least. */
  readonly grant?: Level
  /** The app on whose behalf; null for none. Left out, it is the site's own. */
  readonly appKey?: string | null
  /** What the caller may do with connections; left out, everything. */
  readonly scope?: readonly Action[] | null
  /** Of the request that is answered, for the audit. */
  readonly requestId?: string | null
}

/** Who calls the module: an account by its id, or nobody. */
export interface Caller extends Privileges {
  readonly accountId: string | null
}

/** A caller of the module. */
export interface CallerScope {
  readonly module: ModuleContext
  readonly caller: Caller
}

const storage = new AsyncLocalStorage<CallerScope>()

/** Runs a function, and whatever it awaits, with this scope. */
export const runIn = <Result>(scope: CallerScope, work: () => Result): Result => storage.run(scope, work)

/** The scope that one runs in. @throws Fault `accessDenied.notLoggedIn` outside any */
export function currentScope(): CallerScope {
  const scope = storage.getStore()
  if (scope) return scope
  throw new Fault('accessDenied.notLoggedIn', { reason: 'Call this inside a request, or inside runAs.' })
}

/**
 * The caller with the rights of this moment: what was taken away a moment ago is gone.
 *
 * @throws Fault `invalidArgument` for a privilege that is malformed
 */
export async function principalOf({ module, caller }: CallerScope): Promise<Principal> {
  const { accountId, appKey = module.appKey } = caller
  const { skipAcl, grant, scope } = readOptionsAs(privileges, caller)
  const [known] = accountId === null ? [] : await findKnownAccounts(module.db, [accountId])
  const { account, verified } = known ?? { account: null, verified: false }
  // Whoever has not shown that an address is theirs has no claim to what was sent to it.
  const owned = account && !verified ? { ...account, email: null } : account
  return {
    account: owned?.state === 'active' ? owned : null,
    verified,
    skipAcl,
    grant,
    appKey,
    scope,
    requestId: caller.requestId ?? null,
  }
}
