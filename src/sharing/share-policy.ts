import { invitationsADay } from '../connections/rules.js'
import { type FaultName, Refusal } from '../faults.js'
import type { Account } from '../people/account.js'
import type { KnownAccount } from '../people/known-store.js'
import {
  type Access,
  givesNothing,
  type Granted,
  mayImpart,
  type Sharer,
  type ShareRequest,
  type Wish,
} from './access.js'
import { addressOf, both, givenOn, type Grant, isBetweenAccounts } from './grant.js'
import { levels, type ObjectType } from './object-types.js'
import { checkVerified } from './policy.js'

/*
 * The rules for creating connections with `create` and `linkTo`. Each takes values, and returns a decision or throws a
 * `Refusal`.
 */

/** @throws Refusal `accessDenied.connectionsDisabled` for a type that does not allow connections */
export function checkTakesConnections({ name, allowConnections }: ObjectType, isForced: boolean): void {
  if (!allowConnections && !isForced) throw new Refusal('accessDenied.connectionsDisabled', { path: name })
}

/** @throws Refusal `accessDenied.shareAccess` for a level below `share` */
export function checkMayShare({ level }: Access, { id }: Pick<Account, 'id'>, skipAcl: boolean): void {
  if (!skipAcl && level < levels.share) throw new Refusal('accessDenied.shareAccess', { path: id })
}

/**
 * Checks that the caller may give all requested roles.
 *
 * @param places requested roles, each with its place in the arguments
 * @throws Refusal `accessDenied.shareRoles` for a role that the caller may not give
 */
export function checkMayImpart(sharer: Sharer, mine: Access, places: ReadonlyMap<string, string>): void {
  for (const [role, path] of places) {
    if (!mayImpart(sharer, mine, role)) throw new Refusal('accessDenied.shareRoles', { path })
  }
}

/** A target by id or by address. */
export type Named = { readonly id: string; readonly email: null } | { readonly id: null; readonly email: string }

/**
 * Checks a target before it is looked up.
 *
 * @param at place of the target, for faults
 * @throws Refusal for a target that the caller may not name, or not connect at once
 */
export function checkTarget(
  { id, email }: Named,
  auto: boolean,
  at: string,
  { type, context, creator }: Pick<ShareRequest, 'type' | 'context' | 'creator'>,
  { forceAuto, takesAddresses }: { readonly forceAuto: boolean; readonly takesAddresses: boolean },
): void {
  const refuse = (path: string, reason: string) => new Refusal('invalidArgument.connectionTarget', { path, reason })
  if (email !== null && !takesAddresses)
    throw refuse('email', 'This site hides e-mail addresses; identify people by _id.')
  const own = [creator, ...(type.name === 'account' ? [{ id: context._id, email: textOf(context['email']) }] : [])]
  if (own.some((each) => (id === null ? email === addressOf(each) : id === each.id))) {
    throw refuse('self', `${at}: a person cannot be connected with themselves.`)
  }
  if (auto && email !== null) throw new Refusal('invalidArgument.autoConnectionRequiresId', { path: email })
  if (auto && type.requireAccept && !forceAuto) {
    throw new Refusal('invalidArgument.requireConnectionAccept', { path: type.name })
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : null)

/**
 * Checks that the caller may connect an account at once.
 *
 * @param found the active account with this id; undefined if there is none
 * @param mine the caller's access to that account
 * @throws Refusal for an account that the caller may not connect at once
 */
export function checkMayConnectAtOnce(
  id: string,
  found: KnownAccount | undefined,
  { level }: Access,
  { type, skipAcl }: Pick<Sharer, 'type' | 'skipAcl'>,
): void {
  if (!found) throw new Refusal('notFound.instance', { path: id })
  if (!skipAcl && level < type.requiredAccess) {
    throw new Refusal('accessDenied.autoConnectionRequiresAccess', { path: `${id}.${type.requiredAccess}` })
  }
  checkVerified(found, id)
}

/** The remaining invitations and e-mails of a creator. */
export interface Quota {
  readonly invitations: number
  readonly emails: number
}

const invitationsAnHour = 100
const emailsAnHour = 50

/** The remaining quota, from the counts of the last day and hour. */
export const quotaAfter = (
  invited: { readonly lastDay: number; readonly lastHour: number },
  emails: number,
): Quota => ({
  invitations: Math.min(invitationsAnHour - invited.lastHour, invitationsADay - invited.lastDay),
  emails: emailsAnHour - emails,
})

/** The effect of `create` on one target. */
export interface Step {
  readonly verb: 'invited' | 'refreshed' | 'connected' | 'upgraded'
  /** The connection that changes; undefined for a new one. */
  readonly before: Grant | undefined
  /** Superseded invitations. */
  readonly needless: readonly Grant[]
}

/**
 * Decides the effect of `create` on one target (docs/module.md, create).
 *
 * @param between all connections of the context with the target; invalid invitations of the creator must come without
 *   access
 * @returns the change, or the name of the fault for a refused target
 */
export function stepFor(
  { type, context, creator, skipAcl, isNotified }: Omit<ShareRequest, 'principal' | 'appKey'>,
  { account, auto }: { readonly account: Pick<Account, 'id'> | null; readonly auto: boolean },
  wish: Granted,
  between: readonly Grant[],
  quota: Quota,
): Step | FaultName {
  if (givesNothing(type, wish)) return 'accessDenied.shareAccess'
  const active = between.find(({ state }) => state === 'active')
  if (active) {
    const isFixed = isBetweenAccounts(active) && !skipAcl
    if (isFixed || !givesMore(wish, givenOn(active, context._id))) return 'conflict.connectionExists'
    return { verb: 'upgraded', before: active, needless: [] }
  }
  const targetId = account?.id ?? null
  const pending = between.filter((each) => each.targetId === targetId || isBetweenAccounts(each))
  const pair = pending.find(isBetweenAccounts)
  if (auto && account) {
    return {
      verb: 'connected',
      before: pair,
      needless: pending.filter((each) => each !== pair && each.access <= wish.access),
    }
  }
  const isOwn = (each: Grant) =>
    each.creatorId === creator.id && each.contextId === context._id && each.targetId === targetId
  const own = pending.find(isOwn)
  if (own) return { verb: 'refreshed', before: own, needless: [] }
  if (account && pair) return 'conflict.connectionExists'
  if (quota.invitations <= 0 || (isNotified && quota.emails <= 0)) return 'throttled.connectionInvitations'
  return { verb: 'invited', before: undefined, needless: [] }
}

function givesMore(wish: Wish, given: Wish): boolean {
  const sum = both(given, wish)
  return sum.access > given.access || sum.roles.length > given.roles.length
}
