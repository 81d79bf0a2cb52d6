import type { Caller } from '../accounts/account.js'
import type { Context } from '../context.js'
import { asColleagues, type Colleague, movesBetween, relationshipOf } from './connection.js'
import { keepEvents } from './event-store.js'
import { findBoth, type Names } from './find.js'
import { findColleague } from './find-store.js'
import { checkIsAdmin, checkMayInvite } from './rules.js'
import { type Precondition, write } from './write.js'
import { insertRelationship, lockNetworks, moveNetworks, updateRelationship } from './write-store.js'

/**
 * Makes two people colleagues at once, whatever was between them (wire reference, section 8, Admin). Where nothing was,
 * the source counts as the inviter. Nobody is notified.
 *
 * @returns how the source sees it
 * @throws Failure `unauthenticated` or `forbidden` unless the caller is an administrator, `invalid` for people who are
 *   unknown, inactive or one and the same, and what the precondition throws
 */
export async function complete(
  { db }: Pick<Context, 'db'>,
  caller: Caller,
  source: Names,
  target: Names,
  message: string,
  precondition: Precondition,
): Promise<Colleague> {
  const admin = checkIsAdmin(caller)
  const [owner, peer] = await findBoth(db, source, target)
  checkMayInvite(owner, peer)
  const which = { ownerId: owner.id, peerId: peer.id }

  return write(db, async (transaction, eventId) => {
    const moment = await lockNetworks(transaction, [owner.id, peer.id])
    const current = await findColleague(transaction, which)
    if (current) precondition(current)
    if (current?.status === 'accepted' && current.message === message) return current
    const before = current && relationshipOf(current)
    const people = before ?? { inviterId: owner.id, invitedId: peer.id }
    const change = { changedBy: people.invitedId, message, moment }
    const wanted = { ...people, isAccepted: true }
    const { connectionId } = before ?? (await insertRelationship(transaction, wanted, change))
    const after = { ...wanted, connectionId }
    const grants = before?.isAccepted ? undefined : asColleagues
    if (before) await updateRelationship(transaction, after, { ...change, grants })
    await moveNetworks(transaction, movesBetween(before, after), moment)
    await keepEvents(transaction, eventId, [{ ...after, verb: 'completed', actorId: admin.id }], moment)
    return (await findColleague(transaction, which)) as Colleague
  })
}
