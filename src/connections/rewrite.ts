import type { Caller } from '../accounts/account.js'
import type { Context } from '../context.js'
import { movesBetween, relationshipOf, type Status } from './connection.js'
import { keepEvents } from './event-store.js'
import { existing } from './find.js'
import { checkMayBeAccepted } from './grants/account-type.js'
import { keepLetter } from './letter-store.js'
import { checkIsOneOf, signedIn, stepTo } from './rules.js'
import { type Precondition, write } from './write.js'
import { lockNetworks, moveNetworks, updateRelationship } from './write-store.js'

/**
 * Accepts an invitation, or replaces the message of a connection (wire reference, section 5.3). The accepter gets what was
 * offered. No-op if nothing changes.
 *
 * @param id of either person's view
 * @param asked the status that it shall have, and its message from now on; without one the message stays
 * @throws Failure `unauthenticated` for nobody, `notFound` for an unknown id, `forbidden` or `invalid` by the rules, and
 *   what the precondition throws
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
    const step = stepTo(asked.status, writer, current)
    const { message = current.message } = asked
    precondition(current)
    if (step === 'rewritten' && message === current.message) return
    const before = relationshipOf(current)
    if (step === 'accepted') await checkMayBeAccepted(transaction, before.connectionId)
    const after = { ...before, isAccepted: before.isAccepted || step === 'accepted' }
    await updateRelationship(transaction, after, { changedBy: writer.id, message, moment })
    await moveNetworks(transaction, movesBetween(before, after), moment)
    await keepEvents(transaction, eventId, [{ verb: step, actorId: writer.id, ...after }], moment)
    if (step === 'rewritten') return
    const { inviterId: recipientId, connectionId } = after
    await keepLetter(transaction, { kind: 'accepted', recipientId, connectionId }, moment)
  })
}
