import { asColleagues } from '../connections/model.js'
import { Refusal } from '../faults.js'
import type { Account } from '../people/account.js'
import type { KnownAccount } from '../people/known-store.js'
import { type Access, type Action, isOwner, mayGrant, noAccess, type Principal, type Sharer } from './access.js'
import {
  accessGiven,
  both,
  givenOn,
  givingOn,
  type Grant,
  isAllSkipped,
  isBetweenAccounts,
  isLink,
  isTarget,
} from './grant.js'
import { type Instance, levels, type ObjectType } from './object-types.js'

/*
 * The rules for callers and for existing connections. Each takes values, and returns a decision or throws a `Refusal`.
 */

/** The account of the caller. @throws Refusal `accessDenied.notLoggedIn` for an anonymous or disabled caller */
export function accountOf({ account, isDisabled }: Pick<Principal, 'account' | 'isDisabled'>): Account {
  if (account) return account
  throw new Refusal('accessDenied.notLoggedIn', isDisabled ? { reason: 'The account is disabled.' } : {})
}

/** @throws Refusal `accessDenied.scope` if the scope of the caller does not include the action */
export function checkScope({ scope }: Pick<Principal, 'scope'>, action: Action): void {
  if (scope === null || scope.includes(action)) return
  throw new Refusal('accessDenied.scope', { path: `object.${action}.connection` })
}

/** @throws Refusal `accessDenied.connectionRequiresVerification` for an account that is not verified */
export function checkVerified({ verified }: Pick<Principal, 'verified'>, path?: string): void {
  if (!verified) throw new Refusal('accessDenied.connectionRequiresVerification', path === undefined ? {} : { path })
}

/**
 * Whether an invitation or a link is valid: its creator is active and may still grant the same access. The part that
 * needed a privilege stays valid.
 *
 * @returns undefined if the result depends on the access of the creator (`isStillGranted`)
 */
export function validityOf(
  grant: Grant,
  creator: KnownAccount | undefined,
  context: Instance | undefined,
): boolean | undefined {
  if (creator?.account.state !== 'active') return false
  if (isAllSkipped(grant)) return true
  // Invitations to a missing context can still be read and declined.
  return context ? undefined : !isLink(grant)
}

/**
 * Whether the creator may still grant the access of a connection. Ignores the part that needed a privilege.
 *
 * @param mine the creator's access without privileges
 */
export function isStillGranted(sharer: Omit<Sharer, 'skipAcl'>, mine: Access, grant: Grant): boolean {
  const { access, roles, skippedAccess, skippedRoles } = grant
  const ordinary = {
    access: access <= (skippedAccess ?? levels.none) ? levels.none : access,
    roles: roles.filter((role) => !skippedRoles.includes(role)),
  }
  return mayGrant({ ...sharer, skipAcl: false }, mine, ordinary)
}

/** The refusal of an invalid token. It is the same for every reason. */
export const badToken = () => new Refusal('invalidArgument.connectionToken')

/**
 * Whether an account may use a valid token. True for a link, for an invitation to this account, and for any invitation
 * by address.
 */
export const opensFor = (grant: Grant, account: Pick<Account, 'id'> | null): boolean =>
  isLink(grant) || grant.targetId === null || grant.targetId === account?.id

/** The level on the context required to read a connection by id; `none` for its target and creator. */
export function levelToRead(grant: Grant, account: Principal['account']): number {
  if (isTarget(grant, account) || account?.id === grant.creatorId) return levels.none
  return grant.state === 'active' ? levels.connected : levels.share
}

/** @throws Refusal `accessDenied.connection` for less than `levelToRead` */
export function checkMayRead(grant: Grant, account: Principal['account'], { level }: Access): void {
  if (level < levelToRead(grant, account)) throw new Refusal('accessDenied.connection')
}

/** Access added to the reader's own to show a context: `public` for an invitation, a link's own for its holder. */
export const accessShown = (grant: Grant, isHolder: boolean): Access =>
  grant.state === 'pending' || (isLink(grant) && isHolder) ? accessGiven(grant) : noAccess

/** Whether access to the context can make the token visible. True for links created by others. */
export const isTokenByAccess = (grant: Grant, { account }: Pick<Principal, 'account'>): boolean =>
  isLink(grant) && grant.creatorId !== account?.id

/**
 * Whether the caller may see the token. The token of an invitation is visible to its target. The token of a link is
 * visible to its creator, to holders of the token, and to callers with at least the access of the link.
 *
 * @param own the caller's access to the context without the link
 * @param isHolder whether the caller identified the connection by its token
 * @param ownTokens whether to hide the tokens of links created by others
 */
export function maySeeToken(
  grant: Grant,
  caller: Pick<Principal, 'account'>,
  own: Access,
  { isHolder, ownTokens = false }: { readonly isHolder: boolean; readonly ownTokens?: boolean },
): boolean {
  if (!isLink(grant)) return isTarget(grant, caller.account)
  if (isHolder || !isTokenByAccess(grant, caller)) return true
  return !ownTokens && own.level >= grant.access && grant.roles.every((role) => own.roles.has(role))
}

/** @throws Refusal `accessDenied.connection` for callers who may not see the token */
export function checkMaySeeToken(grant: Grant, caller: Pick<Principal, 'account' | 'skipAcl'>, own: Access): void {
  if (caller.skipAcl || maySeeToken(grant, caller, own, { isHolder: false })) return
  throw new Refusal('accessDenied.connection')
}

/** Whether the caller sees the app of a connection. */
export const maySeeApp = (grant: Grant, { account }: Pick<Principal, 'account'>, skipAcl: boolean): boolean =>
  skipAcl || isTarget(grant, account)

/** Whether the caller may list and end the connections of a context. */
export const mayManage = (
  type: ObjectType,
  context: Instance,
  caller: Pick<Principal, 'account'>,
  { level }: Access,
): boolean => level >= levels.share || isOwner(type, context, caller)

/**
 * Whether the caller may end a connection regardless of access: by privilege, as the owner of the context, or as the
 * holder of an invitation's token.
 */
export const endsFreely = (
  { state }: Pick<Grant, 'state'>,
  { skipAcl, isOwned, isHolder }: { readonly skipAcl: boolean; readonly isOwned: boolean; readonly isHolder: boolean },
): boolean => skipAcl || isOwned || (isHolder && state === 'pending')

/**
 * Checks that a caller without the rights of `endsFreely` may end a connection (docs/module.md, delete).
 *
 * @param access the caller's access to the context
 * @throws Refusal `accessDenied.connection` or `accessDenied.shareAccess`
 */
export function checkMayEnd(grant: Grant, { account }: Pick<Principal, 'account'>, { level }: Access): void {
  const isCreator = account?.id === grant.creatorId
  const mayShare = level >= levels.share
  if (isLink(grant)) {
    if (!isCreator && !mayShare) throw new Refusal('accessDenied.shareAccess')
  } else if (grant.state === 'pending') {
    if (!isTarget(grant, account) && !isCreator && !mayShare) throw new Refusal('accessDenied.connection')
  } else if (!isTarget(grant, account)) {
    if (!mayShare) throw new Refusal('accessDenied.shareAccess')
    if (level <= grant.access) throw new Refusal('accessDenied.connection')
  }
}

/** The verb of the audit event for a deletion. */
export function endingBy(grant: Grant, { account }: Pick<Principal, 'account'>): 'removed' | 'declined' | 'withdrawn' {
  if (grant.state === 'active') return 'removed'
  if (account === null || isTarget(grant, account)) return 'declined'
  return account.id === grant.creatorId ? 'withdrawn' : 'removed'
}

/**
 * The account for which an invitation is accepted: the caller, if the caller is its target. Otherwise, with `skipAcl`:
 * the invited account, or the verified account with the invited address, or else the caller.
 *
 * @param found the invited account, or the account with the invited address
 * @returns undefined if the caller may not accept the invitation
 */
export function applierOf(
  grant: Grant,
  caller: KnownAccount,
  found: KnownAccount | undefined,
  skipAcl: boolean,
): KnownAccount | undefined {
  if (isLink(grant) || isTarget(grant, caller.account)) return caller
  if (!skipAcl) return undefined
  if (grant.targetId === null && !found?.verified) return caller
  return found?.account.state === 'active' ? found : undefined
}

/** Checks that an invitation may be accepted for an account. @throws Refusal in the order of docs/module.md, apply */
export function checkMayApply(
  grant: Grant,
  context: Instance | undefined,
  target: KnownAccount | undefined,
): asserts target is KnownAccount {
  if (!target) throw badToken()
  checkVerified(target)
  const reason = 'This is a link, not an invitation. Open it with read.'
  if (isLink(grant)) throw new Refusal('invalidArgument.unspecified', { path: 'token', reason })
  if (grant.object === 'account' && grant.contextId === target.account.id) {
    throw new Refusal('invalidArgument.connectionTarget', { path: 'self' })
  }
  if (!context) throw new Refusal('notFound.unspecified')
}

/** The effect of an acceptance: one connection becomes active, or an active one is raised. */
interface Acceptance {
  readonly before: Grant
  readonly after: Grant
  /** Superseded invitations, including the accepted one if another connection is kept. */
  readonly gone: readonly Grant[]
}

/**
 * Decides the effect of an acceptance on all connections between a context and an account. Afterwards, exactly one of
 * them is active.
 *
 * @param others the other connections between them
 * @param isOffered whether the connection to keep (`keptOf`) is a pending, valid invitation to the same context
 */
export function acceptanceOf(
  invitation: Grant,
  accountId: string,
  others: readonly Grant[],
  isOffered: boolean,
  moment: Date,
): Acceptance {
  const kept = keptOf(others)
  const before = kept ?? invitation
  // A kept invitation that is invalid or in the opposite direction was not accepted here. It gives only the access of
  // colleagues, whatever it offers.
  const from = !kept || kept.state === 'active' || isOffered ? before : { ...before, ...asColleagues }
  const { contextId: id } = invitation
  const targetId = before.targetId ?? accountId
  const active = { targetId, state: 'active' as const, tokenKey: null, expiresAt: null, updated: moment }
  const after = { ...givingOn(from, id, both(givenOn(from, id), invitation)), ...active }
  const { access } = givenOn(after, id)
  // Invitations by address stay: deleting one would reveal to its creator the account with the address.
  const needless = others.filter(
    (each) => each !== kept && each.state === 'pending' && each.targetId !== null && each.access <= access,
  )
  return { before, after, gone: kept ? [invitation, ...needless] : needless }
}

/** The existing connection that an accepted invitation is merged into, if any. */
export const keptOf = (others: readonly Grant[]): Grant | undefined =>
  others.find(({ state }) => state === 'active') ?? others.find(isBetweenAccounts)
