import { Fault, type FaultName } from '../../faults.js'
import { type Access, givesNothing, granted, union, type Wish } from './access.js'
import { endOf, freshGrant } from './fresh.js'
import { type Grant, isBetweenAccounts } from './grant.js'
import type { Room } from './room.js'
import type { Sharing, Wanted } from './sharing.js'
import type { World } from './world.js'

/** What is done about one target. */
export interface Step {
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
  /** Every connection that the context has with the target. */
  readonly between: readonly Grant[]
  readonly room: Room
  readonly moment: Date
}

/**
 * Decides what becomes of one target of `create` (reference connections-module.md, section 6).
 *
 * @returns a fault where nothing is done
 */
export function decide(
  world: Pick<World, 'tokenKeys'>,
  sharing: Sharing,
  target: Wanted,
  { mine, between, room, moment }: Circumstances,
): Step | Fault {
  const { type, context, principal, creator, skipAcl } = sharing
  const refused = (name: FaultName) => new Fault(name, { target: target.named })
  const wish = granted(type, context, principal, mine, target, skipAcl)
  const fresh = (state: Grant['state']) => freshGrant(world, sharing, target, wish, state, moment)
  if (givesNothing(type, wish)) return refused('accessDenied.shareAccess')
  const active = between.find(({ state }) => state === 'active')
  // Two accounts have the same of each other: whoever raised it alone would give themselves more of the other one.
  if (active && isBetweenAccounts(active) && !skipAcl) return refused('conflict.connectionExists')
  if (active) return upgraded(active, wish, moment) ?? refused('conflict.connectionExists')

  const targetId = target.account?.id ?? null
  const pending = between.filter((each) => each.targetId === targetId || isBetweenAccounts(each))
  if (target.auto && target.account) return connected(pending, wish, moment, () => fresh('active'))
  const own = pending.find(
    (each) => each.creatorId === creator.id && each.contextId === context._id && each.targetId === targetId,
  )
  if (own) return refreshed(own, wish, moment)
  if (target.account && pending.some(isBetweenAccounts)) return refused('conflict.connectionExists')
  const isTooMany = room.invitations <= 0 || (sharing.isNotified && room.letters <= 0)
  if (isTooMany) return refused('throttled.connectionInvitations')
  return { verb: 'invited', before: undefined, after: fresh('pending'), needless: [] }
}

/** More of an active connection; undefined where it gives as much already. */
function upgraded(active: Grant, wish: Wish, moment: Date): Step | undefined {
  const after = raised(active, wish, moment)
  if (after.access === active.access && after.roles.length === active.roles.length) return undefined
  return { verb: 'upgraded', before: active, after, needless: [] }
}

function refreshed(own: Grant, wish: Wish, moment: Date): Step {
  const after = { ...raised(own, wish, moment), expiresAt: endOf(own, moment) }
  return { verb: 'refreshed', before: own, after, needless: [] }
}

/** An active connection: what was pending between two accounts, or a fresh one. */
function connected(pending: readonly Grant[], wish: Wish, moment: Date, fresh: () => Grant): Step {
  const pair = pending.find(isBetweenAccounts)
  const needless = pending.filter((each) => each !== pair && each.access <= wish.access)
  const verb = 'connected'
  if (!pair) return { verb, before: undefined, after: fresh(), needless }
  const roles = union(pair.roles, wish.roles)
  const ended = { state: 'active' as const, tokenKey: null, expiresAt: null }
  return { verb, before: pair, after: { ...pair, ...ended, access: wish.access, roles, updated: moment }, needless }
}

const raised = (grant: Grant, { access, roles }: Wish, moment: Date): Grant => ({
  ...grant,
  access: Math.max(grant.access, access),
  roles: union(grant.roles, roles),
  updated: moment,
})
