import type { Kysely, Transaction } from 'kysely'
import type { Account, Caller } from '../accounts/account.js'
import type { Context } from '../context.js'
import type { Tables } from '../db/tables.js'
import { movesBetween, possibleListsOf, type Relationship, relationshipOf } from './connection.js'
import { type Event, keepEvents } from './event-store.js'
import { existing } from './find.js'
import type { Precondition } from './rewrite.js'
import { checkIsOneOf, signedIn } from './rules.js'
import { write } from './write.js'
import { deleteRelationships, lockNetworks, moveNetworks } from './write-store.js'

/**
 * Declines or withdraws an invitation, or removes a colleague: both views disappear (wire reference, section 5.4).
 *
 * @param id of either person's view
 * @throws Failure `unauthenticated` for nobody, `notFound` for an unknown id, `forbidden` for a third person, and what
 *   the precondition throws
 */
export async function remove(
  { db }: Pick<Context, 'db'>,
  caller: Caller,
  id: string,
  precondition: Precondition,
): Promise<void> {
  const actor = signedIn(caller)
  const known = await existing(db, id)
  checkIsOneOf(actor, known)
  await removeAll(db, actor, [relationshipOf(known)], async (transaction) => {
    const current = await existing(transaction, id)
    precondition(current)
    return [relationshipOf(current)]
  })
}

/**
 * Removes relationships in one transaction.
 *
 * @param known as they were found before their lists are locked
 * @param reread finds those of them that are still there, as they are then
 */
export async function removeAll(
  db: Kysely<Tables>,
  actor: Account,
  known: readonly Relationship[],
  reread: (transaction: Transaction<Tables>) => Promise<readonly Relationship[]>,
): Promise<void> {
  const lists = new Map(known.flatMap(possibleListsOf).map((list) => [`${list.ownerId} ${list.status}`, list]))
  await write(db, async (transaction, eventId) => {
    const moment = await lockNetworks(transaction, [...lists.values()])
    const found = await reread(transaction)
    if (found.length === 0) return
    await deleteRelationships(
      transaction,
      found.map(({ connectionId }) => connectionId),
    )
    const moves = found.flatMap((each) => movesBetween(each, undefined))
    await moveNetworks(transaction, moves, moment)
    const events = found.map((each): Event => ({ verb: verbOf(actor, each), actorId: actor.id, ...each }))
    await keepEvents(transaction, eventId, events, moment)
  })
}

const verbOf = (actor: Account, { isAccepted, inviterId, invitedId }: Relationship): Event['verb'] =>
  isAccepted ? 'removed' : actor.id === inviterId ? 'withdrawn' : actor.id === invitedId ? 'declined' : 'removed'
