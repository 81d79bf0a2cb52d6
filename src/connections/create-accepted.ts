import type { Context } from '../context.js'
import type { Caller } from '../people/account.js'
import { findBoth, type Names } from './find.js'
import { asColleagues, type Colleague, movesBetween, relationshipOf } from './model.js'
import { findColleague } from './read-store.js'
import { checkIsAdmin, checkMayInvite } from './rules.js'
import { insertEvents, type Precondition, write } from './transaction-store.js'
import { bumpNetworks, insertRelationship, lockNetworks, updateRelationship } from './write-store.js'

/**
 * Makes two people colleagues immediately, on behalf of an administrator (docs/wire.md, Other resources). If neither
 * person has invited the other, the source counts as the inviter. No e-mail is sent.
 *
 * @returns the source's view of the connection
 * @throws Failure `unauthenticated` or `forbidden` unless the caller is an administrator, `invalid` if a person is
 *   unknown or inactive, or if both are the same, and the error of the precondition
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
    await bumpNetworks(transaction, movesBetween(before, after), moment)
    await insertEvents(transaction, eventId, [{ ...after, verb: 'completed', actorId: admin.id }], moment)
    return (await findColleague(transaction, which)) as Colleague
  })
}
