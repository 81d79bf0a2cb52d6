import type { Account } from '../../accounts/account.js'
import { Fault, type FaultTarget } from '../../faults.js'
import { type Access, mayImpart, type Wish } from './access.js'
import type { Instance, ObjectType } from './object-type.js'
import type { Principal } from './principal.js'

/** A wish, and where each of its roles was named, for faults. */
export interface PlacedWish extends Wish {
  readonly places: ReadonlyMap<string, string>
}

/** Whom to connect, and how. */
export interface Wanted extends PlacedWish {
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
export interface Sharing {
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
  { type, context, principal, skipAcl }: Omit<Sharing, 'isNotified'>,
  mine: Access,
  { places }: PlacedWish,
): void {
  for (const [role, path] of places) {
    if (!mayImpart(type, context, principal, mine, role, skipAcl)) throw new Fault('accessDenied.shareRoles', { path })
  }
}
