import type { Account } from '../../accounts/account.js'
import type { FaultTarget } from '../../faults.js'
import type { Wish } from './access.js'
import type { Instance, ObjectType } from './object-type.js'
import type { Principal } from './principal.js'

/** Whom to connect, and how. */
export interface Wanted extends Wish {
  /** Null for an address. */
  readonly account: Account | null
  /** As `foldedEmail` makes it; null for an account. */
  readonly email: string | null
  /** The account that has the address, if any: nothing is told of it. */
  readonly owner: Account | null
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
