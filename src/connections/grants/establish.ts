import type { Transaction } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { Fault } from '../../faults.js'
import { type Event, keepEvents } from '../event-store.js'
import { write } from '../write.js'
import { checkMayShare } from './access.js'
import { carryOut } from './carry-out.js'
import { decide, type Step } from './decide.js'
import { described, type Grant } from './grant.js'
import { findBetween, lockContext } from './grant-store.js'
import { levels } from './levels.js'
import { owe } from './owe.js'
import { roomOf } from './room.js'
import { checkMayImpart, type Sharing, type Wanted } from './sharing.js'
import { isValid, ordinaryAccess } from './valid.js'
import { accessOf, type World } from './world.js'

/**
 * Connects targets with a context in one transaction, in which it is also decided what each is granted.
 *
 * @returns for each target its connection, or why there is none
 * @throws Fault `accessDenied.shareAccess` where the caller may not share the context any more, `accessDenied.shareRoles`
 *   for a role that is not theirs to give; nothing is changed then
 */
export function establish(world: World, sharing: Sharing, targets: readonly Wanted[]): Promise<(Grant | Fault)[]> {
  const { type, context, principal, creator, skipAcl } = sharing
  const reference = { object: type.name, contextId: context._id }
  const people = targets.flatMap(({ account }) => account?.id ?? [])
  return write(world.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, reference, people)
    const mine = await accessOf(transaction, type, context, principal)
    if (!skipAcl) checkMayShare(mine, creator)
    for (const target of targets) checkMayImpart(sharing, mine, target)
    const ordinary = await ordinaryAccess(transaction, sharing, mine)
    let room = await roomOf(transaction, sharing)
    const outcomes: (Grant | Fault)[] = []
    const events: Event[] = []
    for (const target of targets) {
      const { account, email } = target
      const found = await findBetween(transaction, reference, { id: account?.id ?? null, email })
      const between: Grant[] = []
      for (const each of found) between.push(await asOffered(transaction, sharing, each))
      const step = decide(world, sharing, target, { mine, ordinary, between, room, moment })
      outcomes.push(step instanceof Fault ? step : step.after)
      if (step instanceof Fault) continue
      await carryOut(transaction, world, step, moment)
      events.push(eventOf(sharing, step))
      if (step.verb === 'invited') room = { ...room, invitations: room.invitations - 1 }
      room = await owe(transaction, sharing, step, room, moment)
    }
    if (events.length > 0) await keepEvents(transaction, eventId, events, moment)
    return outcomes
  })
}

/** An invitation of the same creator that is not valid any more offers nothing, so that making it again revives nothing. */
async function asOffered(db: Transaction<Tables>, { type, context, creator }: Sharing, grant: Grant): Promise<Grant> {
  if (grant.state === 'active' || grant.creatorId !== creator.id) return grant
  if (await isValid(db, type, context, grant)) return grant
  return { ...grant, access: levels.none, roles: [], skippedAccess: null, skippedRoles: [] }
}

function eventOf({ creator, principal, skipAcl }: Sharing, { verb, before, after }: Step): Event {
  const detail = {
    ...described(after),
    before: before?.access ?? null,
    request: principal.requestId,
    // Such an invitation is not counted (`countInvitations`).
    ...(skipAcl && { skipAcl }),
  }
  return { connectionId: after.id, actorId: creator.id, verb, detail }
}
