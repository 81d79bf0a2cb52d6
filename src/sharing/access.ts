import type { Account } from '../people/account.js'
import type { KnownAccount } from '../people/known-store.js'
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

/** A level and roles on a context. */
export interface Access {
  readonly level: number
  readonly roles: ReadonlySet<string>
  /** Roles that come from the context's access list or a connection, not from the account. */
  readonly here?: ReadonlySet<string>
}

export const noAccess: Access = { level: levels.none, roles: new Set() }

/** Combines several accesses: the highest level and all roles. */
export const joined = (...all: readonly Access[]): Access => ({
  level: Math.max(levels.none, ...all.map(({ level }) => level)),
  roles: new Set(all.flatMap(({ roles }) => [...roles])),
})

export const actions = ['create', 'read', 'update', 'delete'] as const

/** An action on connections that the scope of a caller can allow. */
export type Action = (typeof actions)[number]

/** The caller of the module, with current rights (docs/module.md, Calling). */
export interface Principal {
  /** Null for an anonymous caller. An unverified account has no `email` here. */
  readonly account: Account | null
  /** Whether `account` is null because the account is disabled. */
  readonly isDisabled?: boolean
  readonly verified: boolean
  /** Skips all checks of access. */
  readonly skipAcl: boolean
  /** The caller's minimum level on every context. */
  readonly grant: number
  readonly appKey: string | null
  /** Allowed actions; null allows all. */
  readonly scope: readonly Action[] | null
  /** Id of the request, for the audit. */
  readonly requestId: string | null
}

/**
 * Makes a principal of an account. An inactive account counts as anonymous. An unverified account loses its `email`:
 * its owner has not proved to own the address.
 *
 * @param privileges none by default
 */
export function principalFor(
  known: KnownAccount | undefined,
  privileges: Partial<Omit<Principal, 'account' | 'isDisabled' | 'verified'>> = {},
): Principal {
  const { account, verified } = known ?? { account: null, verified: false }
  return {
    account: account?.state === 'active' ? { ...account, ...(!verified && { email: null }) } : null,
    isDisabled: account !== null && account.state !== 'active',
    verified,
    skipAcl: false,
    grant: levels.none,
    appKey: null,
    scope: null,
    requestId: null,
    ...privileges,
  }
}

/**
 * The caller's access to a context (docs/module.md, Access lists).
 *
 * @param connected access granted by the caller's active connections with the context
 */
export function accessTo(type: ObjectType, context: Instance, principal: Principal, connected: Access): Access {
  const own = { level: principal.skipAcl ? levels.system : principal.grant, roles: principal.account?.roles ?? [] }
  const before = joined({ ...own, roles: new Set(own.roles) }, connected)
  const listed = allowed(type.acl(context), type, context, principal, before)
  return { ...joined(before, listed), here: joined(connected, listed).roles }
}

/** The combined access of all entries that apply to a caller. */
const allowed = (
  entries: readonly ShareEntry[],
  type: ObjectType,
  context: Instance,
  principal: Principal,
  access: Access,
): Access => joined(...entries.filter((entry) => applies(entry, type, context, principal, access)).map(allowance))

const allowance = (entry: Allowance): Access =>
  'role' in entry
    ? { level: levels.none, roles: new Set([entry.role]) }
    : { level: levelOf(entry.allow, 'acl'), roles: new Set() }

function applies(
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

/** Whether the caller owns the context. */
export const isOwner = (type: ObjectType, context: Instance, { account }: Pick<Principal, 'account'>): boolean =>
  account !== null && type.owner(context) === account.id

/** Whether this access allows reading a property. */
export const mayRead = (property: ObjectType['properties'][string], { level, roles }: Access): boolean =>
  level >= property.access || property.roles.some((role) => roles.has(role))

const maxTitleLength = 200

/**
 * The title of an object for a reader with this access: one line that the database can store.
 *
 * @returns undefined if the type has no title, or the reader may not see it
 */
export function titleOf({ title, properties }: ObjectType, object: Instance, access: Access): string | undefined {
  const property = title === null ? undefined : properties[title]
  if (title === null || !property || !mayRead(property, access)) return undefined
  const value = object[title]
  if (typeof value !== 'string') return undefined
  const line = value
    .slice(0, maxTitleLength)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return line || undefined
}

/** All elements of both lists, without duplicates. */
export const union = (one: readonly string[], other: readonly string[]): string[] => [...new Set([...one, ...other])]

/** A level and roles, requested for a target or granted to it. */
export interface Wish {
  readonly access: number
  readonly roles: readonly string[]
}

/** A context, and the caller who shares it. */
export interface Sharer {
  readonly type: ObjectType
  readonly context: Instance
  readonly principal: Principal
  /** Skips the checks of access, by option or privilege. */
  readonly skipAcl: boolean
}

/** A call that shares a context. */
export interface ShareRequest extends Sharer {
  readonly creator: Account
  readonly appKey: string
  /** Whether targets get e-mails. */
  readonly isNotified: boolean
}

/** A granted level and roles, and the part that needed a privilege; null if none did. */
export interface Granted extends Wish {
  readonly skipped: Wish | null
}

/**
 * Decides the granted part of a wish, and whether the grant needed a privilege. If so, `skipped` is the whole grant.
 *
 * @param mine the caller's access
 * @param ordinary the caller's access without privileges
 */
export function grantedTo(sharer: Sharer, mine: Access, ordinary: Access, wish: Wish): Granted {
  const given = granted(sharer, mine, wish)
  const isOrdinary =
    !sharer.skipAcl && mayGrant({ ...sharer, principal: withoutPrivilege(sharer.principal) }, ordinary, given)
  return { ...given, skipped: isOrdinary ? null : given }
}

/** The caller without privileges. */
export const withoutPrivilege = (principal: Principal): Principal => ({
  ...principal,
  skipAcl: false,
  grant: levels.none,
})

/** Whether a caller with this access may grant the level and each of the roles. */
export function mayGrant(sharer: Sharer, mine: Access, wish: Wish): boolean {
  if (mine.level < levels.share) return false
  const most = granted({ ...sharer, skipAcl: false }, mine, wish)
  return most.access >= wish.access && wish.roles.every((role) => most.roles.includes(role))
}

/**
 * The granted part of a wish (docs/module.md, Granted level): the requested level, reduced to below the granter's own
 * level and to the sharing rules of the type. The type's minimum level replaces a lower request.
 *
 * @param mine the granter's access
 * @param wish its roles must exist
 */
export function granted(sharer: Sharer, mine: Access, wish: Wish): Wish {
  const { type, skipAcl } = sharer
  const have = skipAcl ? levels.system : mine.level
  const most = Math.min(Math.max(type.leastAccess, Math.min(levelBelow(have), wish.access)), maxGranted)
  const roles = wish.roles.filter((role) => mayImpart(sharer, mine, role))
  if (skipAcl) return { access: most, roles }
  if (type.shareAcl.length > 0) return { access: Math.min(shareable(sharer, mine).level, most), roles }
  const link = type.shareChain.find((level) => have > level)
  return { access: link === undefined ? levels.none : Math.max(type.leastAccess, Math.min(link, most)), roles }
}

/**
 * Whether a caller may give a role. The owner, and a caller with `skipAcl`, may give every role. Others may give the
 * roles in the type's share list or, without a share list, their own roles on this context.
 */
export function mayImpart(sharer: Sharer, mine: Access, role: string): boolean {
  const { type, context, principal, skipAcl } = sharer
  if (skipAcl || isOwner(type, context, principal)) return true
  const own = type.shareAcl.length > 0 ? shareable(sharer, mine).roles : mine.here
  return own?.has(role) ?? false
}

/** The access that a caller may give according to the share list of a type. */
const shareable = ({ type, context, principal }: Sharer, mine: Access): Access =>
  allowed(type.shareAcl, type, context, principal, mine)

/**
 * Whether a connection would grant neither a level nor a role, although the minimum level of its type is not `none`.
 */
export const givesNothing = ({ leastAccess }: ObjectType, { access, roles }: Wish): boolean =>
  access === levels.none && roles.length === 0 && leastAccess > levels.none
