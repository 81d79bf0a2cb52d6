import { Fault } from '../faults.js'
import type { Account } from '../people/account.js'
import {
  type Allowance,
  type Instance,
  levelBelow,
  levelOf,
  levels,
  maxGranted,
  type ObjectType,
  type ShareEntry,
} from './object-types.js'

/** What somebody has of a context. */
export interface Access {
  readonly level: number
  readonly roles: ReadonlySet<string>
  /** Those of the roles that come from the context's access list or a connection, not from the account. */
  readonly here?: ReadonlySet<string>
}

/** Nothing. */
export const noAccess: Access = { level: levels.none, roles: new Set() }

/** All of it together. */
export const joined = (...all: readonly Access[]): Access => ({
  level: Math.max(levels.none, ...all.map(({ level }) => level)),
  roles: new Set(all.flatMap(({ roles }) => [...roles])),
})

/**
 * What a caller has of a context (docs/module.md, Access lists).
 *
 * @param connected what the caller's connections with the context give
 */
export function accessTo(type: ObjectType, context: Instance, principal: Principal, connected: Access): Access {
  const own = { level: principal.skipAcl ? levels.system : principal.grant, roles: principal.account?.roles ?? [] }
  const before = joined({ ...own, roles: new Set(own.roles) }, connected)
  const given = type
    .acl(context)
    .filter((entry) => isAbout(entry, type, context, principal, before))
    .map(allowed)
  return { ...joined(before, ...given), here: joined(connected, ...given).roles }
}

const allowed = (allowance: Allowance): Access =>
  'role' in allowance
    ? { level: levels.none, roles: new Set([allowance.role]) }
    : { level: levelOf(allowance.allow, 'acl'), roles: new Set() }

function isAbout(
  entry: ShareEntry,
  type: ObjectType,
  context: Instance,
  { account }: Principal,
  { level, roles }: Access,
): boolean {
  switch (entry.type) {
    case 'account':
      return entry.target === 'anyone' || (account !== null && [account.id, 'signed-in'].includes(entry.target))
    case 'self':
      return type.name === 'account' && account?.id === context._id
    case 'role':
      return roles.has(entry.target)
    case 'owner':
      return isOwner(type, context, { account })
    case 'access':
      return level >= levelOf(entry.target, 'acl')
  }
}

export const isOwner = (type: ObjectType, context: Instance, { account }: Pick<Principal, 'account'>): boolean =>
  account !== null && type.owner(context) === account.id

/** @throws Fault `accessDenied.shareAccess` for whoever may not share a context */
export function checkMayShare({ level }: Access, { id }: { readonly id: string }): void {
  if (level < levels.share) throw new Fault('accessDenied.shareAccess', { path: id })
}

/** Whether somebody may read a property. */
export const mayRead = (property: ObjectType['properties'][string], { level, roles }: Access): boolean =>
  level >= property.access || property.roles.some((role) => roles.has(role))

/** All of either, each once. */
export const union = (one: readonly string[], other: readonly string[]): string[] => [...new Set([...one, ...other])]

/** What a target shall have. */
export interface Wish {
  readonly access: number
  readonly roles: readonly string[]
}

/**
 * What of a wish is granted: never more than was asked, nor as much as the granter has (docs/module.md, Granted level).
 *
 * @param mine what the granter has of the context
 * @param wish its roles must exist
 */
export function granted(
  type: ObjectType,
  context: Instance,
  principal: Principal,
  mine: Access,
  wish: Wish,
  skipAcl: boolean,
): Wish {
  const have = skipAcl ? levels.system : mine.level
  const most = Math.min(Math.max(type.leastAccess, Math.min(levelBelow(have), wish.access)), maxGranted)
  const roles = wish.roles.filter((role) => mayImpart(type, context, principal, mine, role, skipAcl))
  if (skipAcl) return { access: most, roles }
  if (type.shareAcl.length > 0) {
    return { access: Math.min(shareable(type, context, principal, mine).level, most), roles }
  }
  const link = type.shareChain.find((level) => have > level)
  return { access: link === undefined ? levels.none : Math.max(type.leastAccess, Math.min(link, most)), roles }
}

/** What the share list of a type lets a caller pass on. */
const shareable = (type: ObjectType, context: Instance, principal: Principal, mine: Access): Access =>
  joined(...type.shareAcl.filter((entry) => isAbout(entry, type, context, principal, mine)).map(allowed))

/**
 * Whether a caller may give a role. The owner may give any; others the roles that the type's share list says, or without
 * such a list those that they have on this context themselves.
 */
export function mayImpart(
  type: ObjectType,
  context: Instance,
  principal: Principal,
  mine: Access,
  role: string,
  skipAcl: boolean,
): boolean {
  if (skipAcl || isOwner(type, context, principal)) return true
  const own = type.shareAcl.length > 0 ? shareable(type, context, principal, mine).roles : mine.here
  return own?.has(role) ?? false
}

/** Whether a connection would give so little that there is no point in it. */
export const givesNothing = ({ leastAccess }: ObjectType, { access, roles }: Wish): boolean =>
  access === levels.none && roles.length === 0 && leastAccess > levels.none

/** What a caller's scope can allow. */
export type Action = (typeof actions)[number]

export const actions = ['create', 'read', 'update', 'delete'] as const

/** On whose behalf, and with which privileges, the module acts (docs/module.md, Calling). */
export interface Principal {
  /** Null for nobody. */
  readonly account: Account | null
  readonly verified: boolean
  /** Acts as if no access had to be checked. */
  readonly skipAcl: boolean
  /** A level that the caller has of every context, at least. */
  readonly grant: number
  readonly appKey: string | null
  /** What the caller may do with connections; null for everything. */
  readonly scope: readonly Action[] | null
  /** Of the request that is answered, for the audit. */
  readonly requestId: string | null
}

/** The caller's account. @throws Fault `accessDenied.notLoggedIn` for nobody */
export function accountOf({ account }: Principal): Account {
  if (account?.state === 'active') return account
  throw new Fault('accessDenied.notLoggedIn')
}

/** @throws Fault `accessDenied.scope` where the caller's scope does not allow the action */
export function checkScope({ scope }: Principal, action: Action): void {
  if (scope === null || scope.includes(action)) return
  throw new Fault('accessDenied.scope', { path: `object.${action}.connection` })
}

/** @throws Fault `accessDenied.connectionRequiresVerification` for an account that is not verified */
export function checkVerified({ verified }: Pick<Principal, 'verified'>): void {
  if (!verified) throw new Fault('accessDenied.connectionRequiresVerification')
}
