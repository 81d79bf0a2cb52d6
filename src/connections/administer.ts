import type { Caller, Person } from '../accounts/account.js'
import { findAccount } from '../accounts/store.js'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { type Colleague, type List, movesBetween, relationshipOf, statuses } from './connection.js'
import { keepEvents } from './event-store.js'
import { existing, findBoth, type Names, noConnection } from './find.js'
import { findColleague, findRelationships } from './find-store.js'
import { removeAll } from './remove.js'
import { checkIsAdmin, checkMayInvite } from './rules.js'
import { write } from './write.js'
import { insertRelationship, lockNetworks, moveNetworks, updateRelationship } from './write-store.js'

type World = Pick<Context, 'db'>

/**
 * Makes two people colleagues at once, whatever was between them (wire reference, section 8, Admin). Where nothing was,
 * the source counts as the inviter. Nobody is notified.
 *
 * @returns how the source sees it
 * @throws Failure `unauthenticated` or `forbidden` unless the caller is an administrator, `invalid` for people who are
 *   unknown, inactive or one and the same
 */
export async function complete(
  { db }: World,
  caller: Caller,
  source: Names,
  target: Names,
  message: string,
): Promise<Colleague> {
  const admin = checkIsAdmin(caller)
  const [owner, peer] = await findBoth(db, source, target)
  checkMayInvite(owner, peer)
  const lists = [owner, peer].flatMap(({ id }) => statuses.map((status): List => ({ ownerId: id, status })))
  const which = { ownerId: owner.id, peerId: peer.id }

  return write(db, async (transaction, eventId) => {
    const moment = await lockNetworks(transaction, lists)
    const current = await findColleague(transaction, which)
    if (current?.status === 'accepted' && current.message === message) return current
    const before = current && relationshipOf(current)
    const people = before ?? { inviterId: owner.id, invitedId: peer.id }
    const change = { changedBy: people.invitedId, message, moment }
    const wanted = { ...people, isAccepted: true }
    const { connectionId } = before ?? (await insertRelationship(transaction, wanted, change))
    const after = { ...wanted, connectionId }
    if (before) await updateRelationship(transaction, after, change)
    await moveNetworks(transaction, movesBetween(before, after), moment)
    await keepEvents(transaction, eventId, [{ ...after, verb: 'completed', actorId: admin.id }], moment)
    return (await findColleague(transaction, which)) as Colleague
  })
}

/**
 * Removes the connection that an id or two people name, in whatever state.
 *
 * @throws Failure as `complete`, and `notFound` where there is none
 */
export async function removeOne(
  { db }: World,
  caller: Caller,
  which: { readonly id: string } | { readonly source: Names; readonly target: Names },
): Promise<void> {
  const admin = checkIsAdmin(caller)
  const colleague = 'id' in which ? await existing(db, which.id) : await between(db, which)
  await removeAll(db, admin, [relationshipOf(colleague)], async (transaction) => [
    relationshipOf(await existing(transaction, colleague.id)),
  ])
}

async function between(db: World['db'], { source, target }: { source: Names; target: Names }): Promise<Colleague> {
  const [owner, peer] = await findBoth(db, source, target)
  const colleague = await findColleague(db, { ownerId: owner.id, peerId: peer.id })
  if (colleague) return colleague
  throw noConnection()
}

/**
 * Removes every connection and invitation that a person has now.
 *
 * @throws Failure as `complete`
 */
export async function removeEverything({ db }: World, caller: Caller, person: Person): Promise<void> {
  const admin = checkIsAdmin(caller)
  const account = await findAccount(db, person)
  if (!account) throw new Failure('invalid', 'Nobody is known by the userid, email or key given.')
  const known = await findRelationships(db, account.id)
  const ids = new Set(known.map(({ connectionId }) => connectionId))
  await removeAll(db, admin, known, async (transaction) =>
    (await findRelationships(transaction, account.id)).filter(({ connectionId }) => ids.has(connectionId)),
  )
}
