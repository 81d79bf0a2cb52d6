import { Fault } from '../../faults.js'
import { type Event, keepEvents } from '../event-store.js'
import { write } from '../write.js'
import { described, type Grant, isLink, isTarget } from './grant.js'
import { isOwner } from './access.js'
import { findGrant, lockContext } from './grant-store.js'
import { levels } from './levels.js'
import type { Principal } from './principal.js'
import { removeGrants } from './put.js'
import { accessOf, load, typeOf, type World } from './world.js'

/**
 * Deletes a connection: declines or withdraws an invitation, leaves, takes access away, or ends a link (reference,
 * section 10). The owner of the context ends whatever there is on it; others take away less than they have.
 *
 * @param isHolder whether the caller named it by its token; of an invitation that is the target's alone
 * @throws Fault `accessDenied.connection` or `accessDenied.shareAccess` for whoever may not, `notFound.unspecified` where it is gone
 */
export async function endGrant(
  world: World,
  principal: Principal,
  known: Grant,
  { skipAcl, isHolder }: { skipAcl: boolean; isHolder: boolean },
): Promise<void> {
  const { account } = principal
  const type = typeOf(world, known.object)
  const context = await load(type, known.contextId)
  const people = known.targetId === null ? [] : [known.targetId]
  await write(world.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, known, people)
    const current = await findGrant(transaction, known.id)
    if (!current) throw new Fault('notFound.unspecified')
    const isOwned = context !== undefined && isOwner(type, context, principal)
    if (!skipAcl && !isOwned && !(isHolder && current.state === 'pending')) {
      const level = context ? (await accessOf(transaction, type, context, principal)).level : levels.none
      checkMayEnd(current, principal, level)
    }
    await removeGrants(transaction, [current], moment)
    const detail = { ...described(current), request: principal.requestId }
    const event = { connectionId: current.id, actorId: account?.id ?? null, verb: verbOf(current, principal), detail }
    await keepEvents(transaction, eventId, [event], moment)
  })
}

function checkMayEnd(grant: Grant, { account }: Principal, level: number): void {
  const isCreator = account?.id === grant.creatorId
  const mayShare = level >= levels.share
  if (isLink(grant)) {
    if (!isCreator && !mayShare) throw new Fault('accessDenied.shareAccess')
  } else if (grant.state === 'pending') {
    if (!isTarget(grant, account) && !isCreator && !mayShare) throw new Fault('accessDenied.connection')
  } else if (!isTarget(grant, account)) {
    if (!mayShare) throw new Fault('accessDenied.shareAccess')
    if (level <= grant.access) throw new Fault('accessDenied.connection')
  }
}

function verbOf(grant: Grant, { account }: Principal): Event['verb'] {
  if (grant.state === 'active') return 'removed'
  if (account === null || isTarget(grant, account)) return 'declined'
  return account.id === grant.creatorId ? 'withdrawn' : 'removed'
}
