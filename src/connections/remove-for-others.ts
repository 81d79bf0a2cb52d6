import type { Caller, Person } from '../accounts/account.js'
import { findAccount } from '../accounts/store.js'
import type { Context } from '../context.js'
import { existingRelationship, findBoth, type Names, noConnection, unknownPerson } from './find.js'
import { findColleague, findRelationships } from './find-store.js'
import { removeAll, reread } from './remove.js'
import { checkIsAdmin } from './rules.js'
import type { Precondition } from './write.js'

type World = Pick<Context, 'db'>

/**
 * Removes the connection that an id or two people name, in whatever state.
 *
 * @throws Failure `unauthenticated` or `forbidden` unless the caller is an administrator, `invalid` for unknown people,
 *   `notFound` where there is none, and what the precondition throws
 */
export async function removeOne(
  { db }: World,
  caller: Caller,
  which: { readonly id: string } | { readonly source: Names; readonly target: Names },
  precondition: Precondition,
): Promise<void> {
  const admin = checkIsAdmin(caller)
  const id = 'id' in which ? which.id : await idBetween(db, which)
  const known = await existingRelationship(db, id)
  await removeAll(db, admin, [known], (transaction) => reread(transaction, id, precondition))
}

async function idBetween(db: World['db'], { source, target }: { source: Names; target: Names }): Promise<string> {
  const [owner, peer] = await findBoth(db, source, target)
  const colleague = await findColleague(db, { ownerId: owner.id, peerId: peer.id })
  if (colleague) return colleague.id
  throw noConnection()
}

/**
 * Removes every connection and invitation that a person has now.
 *
 * @throws Failure `unauthenticated` or `forbidden` unless the caller is an administrator, `invalid` for an unknown person
 */
export async function removeEverything({ db }: World, caller: Caller, person: Person): Promise<void> {
  const admin = checkIsAdmin(caller)
  const account = await findAccount(db, person)
  if (!account) throw unknownPerson()
  const known = await findRelationships(db, { ownerId: account.id })
  const ids = new Set(known.map(({ connectionId }) => connectionId))
  await removeAll(db, admin, known, async (transaction) =>
    (await findRelationships(transaction, { ownerId: account.id })).filter(({ connectionId }) => ids.has(connectionId)),
  )
}
