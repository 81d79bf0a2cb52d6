import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { Fault, type FaultTarget } from '../faults.js'
import type { Account } from '../people/account.js'
import { findRoles, hasApp } from '../people/known-store.js'
import {
  type Access,
  accountOf,
  checkMayShare,
  checkScope,
  checkVerified,
  mayImpart,
  type Principal,
  type Wish,
} from './access.js'
import { accessOf, load, type ModuleContext, typeOf } from './context.js'
import { idReason, isContextId } from './grant.js'
import type { Instance, ObjectType } from './object-types.js'

/** A wish, and where each of its roles was named, for faults. */
export interface PlacedWish extends Wish {
  readonly places: ReadonlyMap<string, string>
}

/** Whom to connect, and how. */
export interface Target extends PlacedWish {
  /** Null for an address. */
  readonly account: Account | null
  /** As `foldedEmail` makes it; null for an account. */
  readonly email: string | null
  readonly first: string | null
  readonly last: string | null
  /** Whether it shall be active at once. */
  readonly auto: boolean
  /** How the target is named in a fault. */
  readonly named: FaultTarget
}

/** What is shared, by whom. */
export interface ShareRequest {
  readonly type: ObjectType
  readonly context: Instance
  readonly principal: Principal
  readonly creator: Account
  readonly skipAcl: boolean
  readonly appKey: string
  readonly isNotified: boolean
}

/**
 * @param mine what the caller has of the context
 * @throws Fault `accessDenied.shareRoles` for a role that the caller may not give, with the place where it was named
 */
export function checkMayImpart(
  { type, context, principal, skipAcl }: Omit<ShareRequest, 'isNotified'>,
  mine: Access,
  { places }: PlacedWish,
): void {
  for (const [role, path] of places) {
    if (!mayImpart(type, context, principal, mine, role, skipAcl)) throw new Fault('accessDenied.shareRoles', { path })
  }
}

/**
 * Checks, in a fixed order, that a caller may share a context (docs/module.md, create).
 *
 * @param objects the type, in singular or plural
 * @param skipAcl whether share access is not required
 * @param force whether connections are made although the type takes none
 */
export async function shareable(
  module: ModuleContext,
  principal: Principal,
  objects: string,
  id: string,
  { skipAcl, force }: { skipAcl: boolean; force: boolean },
): Promise<{ type: ObjectType; context: Instance; creator: Account }> {
  checkScope(principal, 'create')
  const creator = accountOf(principal)
  checkVerified(principal)
  const type = typeOf(module, objects)
  if (!type.allowConnections && !force) throw new Fault('accessDenied.connectionsDisabled', { path: type.name })
  if (!isContextId(id)) throw new Fault('invalidArgument.unspecified', { path: 'id', reason: idReason(type.name) })
  const context = await load(type, id)
  if (!context) throw new Fault('notFound.instance', { path: id })
  if (!skipAcl) checkMayShare(await accessOf(module.db, type, context, principal), creator)
  return { type, context, creator }
}

/**
 * The app on whose behalf a connection is made: the caller's, else the one that is passed; null where neither is known.
 */
export async function appKeyOf(
  { db }: ModuleContext,
  own: string | null,
  passed: string | null,
): Promise<string | null> {
  for (const key of [own, passed]) if (key !== null && (await hasApp(db, key))) return key
  return null
}

/** Wished roles, each with the place where it was first named, such as `targets[0].roles[1]`. */
export type Places = ReadonlyMap<string, string>

/** @param at where the list of roles stands */
export const placesOf = (roles: readonly string[], at: string): Places =>
  joinedPlaces(...roles.map((role, index) => new Map([[role, `${at}[${index}]`]])))

/** All together; a role that is named several times has its first place. */
export const joinedPlaces = (...all: readonly Places[]): Places => {
  const joined = new Map<string, string>()
  for (const places of all) for (const [role, at] of places) if (!joined.has(role)) joined.set(role, at)
  return joined
}

/** @throws Fault `invalidArgument.roles` for a role that is not defined */
export async function checkDefined(db: Kysely<Tables>, places: Places): Promise<void> {
  const defined = await findRoles(db, [...places.keys()])
  for (const [role, path] of places) {
    if (!defined.has(role)) throw new Fault('invalidArgument.roles', { path, reason: 'There is no such role here.' })
  }
}
