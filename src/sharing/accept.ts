import { existing, findBoth, type Names } from '../connections/find.js'
import { asColleagues, type Colleague, movesBetween, relationshipOf, type Status } from '../connections/model.js'
import { findColleague } from '../connections/read-store.js'
import { checkIsAdmin, checkIsOneOf, checkMayInvite, signedIn, statusChange } from '../connections/rules.js'
import { enqueueEmail, insertEvents, type Precondition, write } from '../connections/transaction-store.js'
import { bumpNetworks, insertRelationship, lockNetworks, updateRelationship } from '../connections/write-store.js'
import type { Context } from '../context.js'
import type { Caller } from '../people/account.js'
import { checkMayBeAccepted } from './own-types.js'

/**
 * Makes two people colleagues at once, whatever was between them (docs/wire.md, Other resources). Where nothing was,
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
    await bumpNetworks(transaction, movesBetween(before, after), moment)
    await insertEvents(transaction, eventId, [{ ...after, verb: 'completed', actorId: admin.id }], moment)
    return (await findColleague(transaction, which)) as Colleague
  })
}

/**
 * Accepts an invitation, or replaces the message of a connection (docs/wire.md, Accept). The accepter gets what was
 * offered. No-op if nothing changes.
 *
 * @param id of either person's view
 * @param asked the status that it shall have, and its message from now on; without one the message stays
 * @throws Failure `unauthenticated` for nobody, `notFound` for an unknown id, `forbidden` or `invalid` by the rules,
 *   and what the precondition throws
 */
export async function rewrite(
  { db }: Pick<Context, 'db'>,
  caller: Caller,
  id: string,
  asked: { readonly status: Status; readonly message?: string },
  precondition: Precondition,
): Promise<void> {
  const writer = signedIn(caller)
  const known = await existing(db, id)
  checkIsOneOf(writer, relationshipOf(known))

  await write(db, async (transaction, eventId) => {
    const moment = await lockNetworks(transaction, [known.owner.id, known.peer.id])
    const current = await existing(transaction, id)
    const step = statusChange(asked.status, writer, current)
    const { message = current.message } = asked
    precondition(current)
    if (step === 'rewritten' && message === current.message) return
    const before = relationshipOf(current)
    if (step === 'accepted') await checkMayBeAccepted(transaction, before.connectionId)
    const after = { ...before, isAccepted: before.isAccepted || step === 'accepted' }
    await updateRelationship(transaction, after, { changedBy: writer.id, message, moment })
    await bumpNetworks(transaction, movesBetween(before, after), moment)
    await insertEvents(transaction, eventId, [{ verb: step, actorId: writer.id, ...after }], moment)
    if (step === 'rewritten') return
    const { inviterId: recipientId, connectionId } = after
    await enqueueEmail(transaction, { kind: 'accepted', recipientId, connectionId }, moment)
  })
}
