import type { Kysely, Transaction } from 'kysely'
import type { Account, Caller } from '../accounts/account.js'
import type { Context } from '../context.js'
import type { Tables } from '../db/tables.js'
import { movesBetween, type Relationship } from './connection.js'
import { type Event, keepEvents } from './event-store.js'
import { existingRelationship } from './find.js'
import { findColleague } from './find-store.js'
import { checkIsOneOf, signedIn } from './rules.js'
import { type Precondition, write } from './write.js'
import { deleteRelationships, lockNetworks, moveNetworks } from './write-store.js'

/**
 * Declines or withdraws an invitation, or removes a colleague: both views disappear (wire reference, section 5.4).
 *
 * @param id of either person's view
 * @returns which of these it was
 * @throws Failure `unauthenticated` for nobody, `notFound` for an unknown id, `forbidden` for a third person, and what
 *   the precondition throws
 */
export async function remove(
  { db }: Pick<Context, 'db'>,
  caller: Caller,
  id: string,
  precondition: Precondition,
): Promise<Ending> {
  const actor = signedIn(caller)
  const known = await existingRelationship(db, id)
  checkIsOneOf(actor, known)
  const [gone = known] = await removeAll(db, actor, [known], (transaction) => reread(transaction, id, precondition))
  return endingBy(actor, gone)
}

/** How a relationship ends. */
export type Ending = 'declined' | 'withdrawn' | 'removed'

/** The relationship as it is now that its lists are locked, if the precondition lets it go. */
export async function reread(
  transaction: Transaction<Tables>,
  id: string,
  precondition: Precondition,
): Promise<Relationship[]> {
  const current = await existingRelationship(transaction, id)
  const shown = await findColleague(transaction, { id })
  if (shown) precondition(shown)
  return [current]
}

/**
 * Removes relationships in one transaction.
 *
 * @param known as they were found before the lists of their people are locked
 * @param found finds those of them that are still there, as they are then
 * @returns those
 */
export async function removeAll(
  db: Kysely<Tables>,
  actor: Account,
  known: readonly Relationship[],
  found: (transaction: Transaction<Tables>) => Promise<readonly Relationship[]>,
): Promise<readonly Relationship[]> {
  const people = [...new Set(known.flatMap(({ inviterId, invitedId }) => [inviterId, invitedId]))]
  return write(db, async (transaction, eventId) => {
    const moment = await lockNetworks(transaction, people)
    const gone = await found(transaction)
    if (gone.length === 0) return gone
    const ids = gone.map(({ connectionId }) => connectionId)
    await deleteRelationships(transaction, ids)
    const moves = gone.flatMap((each) => movesBetween(each, undefined))
    await moveNetworks(transaction, moves, moment)
    const events = gone.map((each): Event => ({ verb: endingBy(actor, each), actorId: actor.id, ...each }))
    await keepEvents(transaction, eventId, events, moment)
    return gone
  })
}

const endingBy = (actor: Account, { isAccepted, inviterId, invitedId }: Relationship): Ending =>
  isAccepted ? 'removed' : actor.id === inviterId ? 'withdrawn' : actor.id === invitedId ? 'declined' : 'removed'
