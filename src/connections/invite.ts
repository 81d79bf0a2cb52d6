import type { Context } from '../context.js'
import type { Caller, PersonRef } from '../people/account.js'
import { findAccount } from '../people/store.js'
import { movesBetween } from './model.js'
import { checkMayInvite, checkMayInviteMore, signedIn } from './rules.js'
import { countInvitations, insertEvents, enqueueEmail, write } from './transaction-store.js'
import { insertRelationship, lockNetworks, bumpNetworks } from './write-store.js'

/**
 * Invites a person to become the caller's colleague (docs/wire.md, Invite). The invitation is `unconfirmed` for the
 * caller and `pending` for the other person.
 *
 * @param message HTML, at most 4,000 characters before escaping
 * @returns the id of the invited person's view
 * @throws Failure `unauthenticated` for an anonymous request, `invalid` if the person cannot be invited,
 *   `connectionExists` if there is a connection or invitation in either direction, `tooMany` after 500 invitations in
 *   24 hours
 */
export async function invite(
  { db }: Pick<Context, 'db'>,
  caller: Caller,
  person: PersonRef,
  message: string,
): Promise<string> {
  const inviter = signedIn(caller)
  const invited = await findAccount(db, person)
  checkMayInvite(inviter, invited)
  const wanted = { inviterId: inviter.id, invitedId: invited.id, isAccepted: false }

  return write(db, async (transaction, eventId) => {
    const moment = await lockNetworks(transaction, [inviter.id, invited.id])
    checkMayInviteMore((await countInvitations(transaction, inviter.id)).lastDay)
    const change = { changedBy: inviter.id, message, moment }
    const { connectionId, invitedRow } = await insertRelationship(transaction, wanted, change)
    const made = { ...wanted, connectionId }
    await bumpNetworks(transaction, movesBetween(undefined, made), moment)
    await insertEvents(transaction, eventId, [{ ...made, verb: 'invited', actorId: inviter.id }], moment)
    await enqueueEmail(transaction, { kind: 'invited', recipientId: invited.id, connectionId }, moment)
    return invitedRow
  })
}
