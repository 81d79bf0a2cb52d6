import type { Kysely, Transaction } from 'kysely'
import type { Context } from '../context.js'
import type { Tables } from '../db/tables.js'
import type { Account, Caller, PersonRef } from '../people/account.js'
import { findAccount } from '../people/store.js'
import { existingRelationship, findBoth, type Names, noConnection, unknownPerson } from './find.js'
import { movesBetween, type Relationship } from './model.js'
import { findColleague, findRelationships } from './read-store.js'
import { checkIsAdmin, checkIsOneOf, signedIn } from './rules.js'
import { type Event, insertEvents, type Precondition, write } from './transaction-store.js'
import { deleteRelationships, lockNetworks, bumpNetworks } from './write-store.js'

/**
 * Declines or withdraws an invitation, or removes a colleague. Deletes both views (docs/wire.md, Remove).
 *
 * @param id of either view
 * @returns how the relationship ended
 * @throws Failure `unauthenticated` for an anonymous request, `notFound` for an unknown id, `forbidden` for a third
 *   person, and errors of the precondition
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
  const [gone = known] = await removeAll(db, actor, [known], (transaction) =>
    rereadLocked(transaction, id, precondition),
  )
  return endingBy(actor, gone)
}

/** How a relationship ended. */
type Ending = 'declined' | 'withdrawn' | 'removed'

/** Reads the relationship again under lock, and checks the precondition. */
async function rereadLocked(
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
 * @param known the relationships as read before locking
 * @param found reads the relationships again under lock
 * @returns the removed relationships
 */
async function removeAll(
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
    await bumpNetworks(transaction, moves, moment)
    const events = gone.map((each): Event => ({ verb: endingBy(actor, each), actorId: actor.id, ...each }))
    await insertEvents(transaction, eventId, events, moment)
    return gone
  })
}

const endingBy = (actor: Account, { isAccepted, inviterId, invitedId }: Relationship): Ending =>
  isAccepted ? 'removed' : actor.id === inviterId ? 'withdrawn' : actor.id === invitedId ? 'declined' : 'removed'

type Writer = Pick<Context, 'db'>

/**
 * Removes a connection in any state, by id or by two people.
 *
 * @throws Failure `unauthenticated` or `forbidden` unless the caller is an administrator, `invalid` for unknown people,
 *   `notFound` if there is no connection, and errors of the precondition
 */
export async function removeOne(
  { db }: Writer,
  caller: Caller,
  which: { readonly id: string } | { readonly source: Names; readonly target: Names },
  precondition: Precondition,
): Promise<void> {
  const admin = checkIsAdmin(caller)
  const id = 'id' in which ? which.id : await idBetween(db, which)
  const known = await existingRelationship(db, id)
  await removeAll(db, admin, [known], (transaction) => rereadLocked(transaction, id, precondition))
}

async function idBetween(db: Writer['db'], { source, target }: { source: Names; target: Names }): Promise<string> {
  const [owner, peer] = await findBoth(db, source, target)
  const colleague = await findColleague(db, { ownerId: owner.id, peerId: peer.id })
  if (colleague) return colleague.id
  throw noConnection()
}

/**
 * Removes all colleagues of a person, and the invitations to and from the person. Those added during the call may
 * remain.
 *
 * @throws Failure `unauthenticated` or `forbidden` unless the caller is an administrator, `invalid` for an unknown
 *   person
 */
export async function removeEverything({ db }: Writer, caller: Caller, person: PersonRef): Promise<void> {
  const admin = checkIsAdmin(caller)
  const account = await findAccount(db, person)
  if (!account) throw unknownPerson()
  const known = await findRelationships(db, { ownerId: account.id })
  const ids = new Set(known.map(({ connectionId }) => connectionId))
  await removeAll(db, admin, known, async (transaction) =>
    (await findRelationships(transaction, { ownerId: account.id })).filter(({ connectionId }) => ids.has(connectionId)),
  )
}
