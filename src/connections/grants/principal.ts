import type { Account } from '../../accounts/account.js'
import { Fault } from '../../faults.js'

/** What a caller's scope can allow. */
export type Action = (typeof actions)[number]

export const actions = ['create', 'read', 'update', 'delete'] as const

/** On whose behalf, and with which privileges, the module acts (reference connections-module.md, section 2). */
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
