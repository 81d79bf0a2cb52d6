import type { Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import { asColleagues } from '../connections/model.js'
import { invitationsADay } from '../connections/rules.js'
import { countEmails, countInvitations } from '../connections/transaction-store.js'
import type { Tables } from '../db/tables.js'
import { Fault, type FaultName } from '../faults.js'
import { type Access, givesNothing } from './access.js'
import type { ModuleContext } from './context.js'
import { both, givenOn, givingOn, type Grant, isBetweenAccounts } from './grant.js'
import type { ShareRequest, Target } from './share.js'
import { type Granted, grantedTo } from './valid.js'

/** What is done about one target. */
export interface Decision {
  readonly verb: 'invited' | 'refreshed' | 'connected' | 'upgraded'
  /** The connection as it was; undefined where there was none. */
  readonly before: Grant | undefined
  /** As it shall be. */
  readonly after: Grant
  /** What gives way to it. */
  readonly needless: readonly Grant[]
}

/** How things stand at the moment of deciding. */
interface Circumstances {
  /** What the creator has of the context. */
  readonly mine: Access
  /** What the creator has of it without a privilege. */
  readonly ordinary: Access
  /** Every connection that the context has with the target; the creator's own give nothing that is not valid. */
  readonly between: readonly Grant[]
  readonly room: Quota
  readonly moment: Date
}

/**
 * Decides what becomes of one target of `create` (docs/module.md, create).
 *
 * @returns a fault where nothing is done
 */
export function decide(
  module: Pick<ModuleContext, 'tokenKeys'>,
  sharing: ShareRequest,
  target: Target,
  { mine, ordinary, between, room, moment }: Circumstances,
): Decision | Fault {
  const { type, context, creator, skipAcl } = sharing
  const refused = (name: FaultName) => new Fault(name, { target: target.named })
  const wish = grantedTo(sharing, mine, ordinary, target)
  const fresh = (state: Grant['state']) => freshGrant(module, sharing, target, wish, state, moment)
  if (givesNothing(type, wish)) return refused('accessDenied.shareAccess')
  const active = between.find(({ state }) => state === 'active')
  if (active && isBetweenAccounts(active) && !skipAcl) return refused('conflict.connectionExists')
  if (active) return upgraded(active, context._id, wish, moment) ?? refused('conflict.connectionExists')

  const targetId = target.account?.id ?? null
  const pending = between.filter((each) => each.targetId === targetId || isBetweenAccounts(each))
  if (target.auto && target.account) return connected(pending, context._id, wish, moment, () => fresh('active'))
  const own = pending.find(
    (each) => each.creatorId === creator.id && each.contextId === context._id && each.targetId === targetId,
  )
  if (own) return refreshed(own, wish, moment)
  if (target.account && pending.some(isBetweenAccounts)) return refused('conflict.connectionExists')
  const isTooMany = room.invitations <= 0 || (sharing.isNotified && room.letters <= 0)
  if (isTooMany) return refused('throttled.connectionInvitations')
  return { verb: 'invited', before: undefined, after: fresh('pending'), needless: [] }
}

/** More of an active connection on an object; undefined where it gives as much already. */
function upgraded(active: Grant, id: string, wish: Granted, moment: Date): Decision | undefined {
  const [had, has] = [givenOn(active, id), both(givenOn(active, id), wish)]
  if (has.access === had.access && has.roles.length === had.roles.length) return undefined
  return { verb: 'upgraded', before: active, after: { ...givingOn(active, id, has), updated: moment }, needless: [] }
}

/** An invitation made again: what a privilege was needed for is kept apart from what was not. */
function refreshed(own: Grant, wish: Granted, moment: Date): Decision {
  const skipped = wish.skipped && both({ access: own.skippedAccess ?? 0, roles: own.skippedRoles }, wish.skipped)
  const after = {
    ...own,
    ...both(own, wish),
    ...(skipped && { skippedAccess: skipped.access, skippedRoles: skipped.roles }),
    expiresAt: endOf(own, moment),
    updated: moment,
  }
  return { verb: 'refreshed', before: own, after, needless: [] }
}

/** An active connection: what was pending between two accounts, of whichever of the two, or a fresh one. */
function connected(pending: readonly Grant[], id: string, wish: Granted, moment: Date, fresh: () => Grant): Decision {
  const pair = pending.find(isBetweenAccounts)
  const needless = pending.filter((each) => each !== pair && each.access <= wish.access)
  const verb = 'connected'
  if (!pair) return { verb, before: undefined, after: fresh(), needless }
  const ended = { ...asColleagues, state: 'active' as const, tokenKey: null, expiresAt: null, updated: moment }
  return { verb, before: pair, after: givingOn({ ...pair, ...ended }, id, wish), needless }
}

/** How long an invitation can be applied; those between two accounts never expire. */
const validFor = 7 * 24 * 3_600_000

/** When an invitation ends that is made or renewed at a moment; null for never. */
const endOf = (grant: Pick<Grant, 'object' | 'targetId'>, moment: Date): Date | null =>
  isBetweenAccounts(grant) ? null : new Date(moment.getTime() + validFor)

/** A new connection, as it is to be written; one that is pending has a token. */
function freshGrant(
  { tokenKeys: [key] }: Pick<ModuleContext, 'tokenKeys'>,
  { type, context, creator, appKey }: ShareRequest,
  { account, email, first, last }: Target,
  { access, roles, skipped }: Granted,
  state: Grant['state'],
  moment: Date,
): Grant {
  const isPending = state === 'pending'
  const between = { object: type.name, targetId: account?.id ?? null }
  return {
    ...between,
    id: newId(),
    contextId: context._id,
    creatorId: creator.id,
    targetEmail: email,
    targetFirst: first,
    targetLast: last,
    state,
    access,
    roles,
    reverseAccess: asColleagues.access,
    reverseRoles: asColleagues.roles,
    skippedAccess: skipped?.access ?? null,
    skippedRoles: skipped?.roles ?? [],
    tokenKey: isPending ? key.id : null,
    appKey,
    expiresAt: isPending ? endOf(between, moment) : null,
    usesRemaining: null,
    created: moment,
    updated: moment,
  }
}

/** How many invitations somebody may make within an hour. */
const invitationsPerHour = 100

/** How many letters may be owed on somebody's behalf within an hour. */
const emailsPerHour = 50

/** How many more invitations a creator may make just now, and letters may be owed on their behalf. */
export interface Quota {
  readonly invitations: number
  readonly letters: number
}

/** Reads how much room a creator has. Calls with `skipAcl` are not limited. */
export async function quotaOf(
  db: Transaction<Tables>,
  { creator, skipAcl }: Pick<ShareRequest, 'creator' | 'skipAcl'>,
): Promise<Quota> {
  if (skipAcl) return { invitations: Infinity, letters: Infinity }
  const { lastDay, lastHour } = await countInvitations(db, creator.id)
  return {
    invitations: Math.min(invitationsPerHour - lastHour, invitationsADay - lastDay),
    letters: emailsPerHour - (await countEmails(db, creator.id)),
  }
}
