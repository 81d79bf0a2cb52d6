import type { Caller, Person } from '../accounts/account.js'
import { findAccount } from '../accounts/store.js'
import type { Context } from '../context.js'
import { listsOf } from './connection.js'
import { keepEvents, keepLetter } from './event-store.js'
import { checkMayInvite, signedIn } from './rules.js'
import { write } from './write.js'
import { insertRelationship, lockNetworks, moveNetworks } from './write-store.js'

/**
 * Invites a person to be the caller's colleague (wire reference, section 5.2). From then on the invitation is
 * `unconfirmed` for the caller and `pending` for the other.
 *
 * @param message as text, at most 4,000 characters
 * @returns the id of the invited person's view
 * @throws Failure `unauthenticated` for nobody, `invalid` where that person cannot be invited, `connectionExists` where
 *   the two are connected or invited already, whoever invited
 */
export async function invite(
  { db }: Pick<Context, 'db'>,
  caller: Caller,
  person: Person,
  message: string,
): Promise<string> {
  const inviter = signedIn(caller)
  const invited = await findAccount(db, person)
  checkMayInvite(inviter, invited)
  const [inviterId, invitedId] = [inviter.id, invited.id]
  const relationship = { inviterId, invitedId, isAccepted: false }
  const lists = listsOf(relationship)

  return write(db, async (transaction, eventId) => {
    const moment = await lockNetworks(transaction, lists)
    const change = { changedBy: inviterId, message, moment }
    const { connectionId, invitedRow } = await insertRelationship(transaction, relationship, change)
    const moves = lists.map((list) => ({ ...list, by: 1 }))
    await moveNetworks(transaction, moves, moment)
    await keepEvents(
      transaction,
      eventId,
      [{ verb: 'invited', actorId: inviterId, connectionId, ...relationship }],
      moment,
    )
    await keepLetter(transaction, { kind: 'invited', recipientId: invitedId, connectionId }, moment)
    return invitedRow
  })
}
