import type { Account, Caller } from '../accounts/account.js'
import type { Context } from '../context.js'
import type { Colleague, Status } from './connection.js'
import { findColleague } from './find-store.js'
import { findStandings, findTotals } from './standing-store.js'

type Store = Pick<Context, 'db'>

/** How somebody stands with another person: as himself, connected, not at all yet, or in no way that there could be. */
export type Standing = 'self' | 'none' | 'closed' | Connected

/** One's view of a connection, without the people. */
export type Connected = Pick<Colleague, 'id' | 'status' | 'message'>

/** How many entries each of the caller's own lists has. */
export const ownTotals = ({ db }: Store, { id }: Account): Promise<Record<Status, number>> => findTotals(db, id)

/** Tells how the caller stands with a person, as far as that is the caller's own. */
export async function standingWith({ db }: Store, caller: Caller, person: Account): Promise<Standing> {
  const known = caller && (await findColleague(db, { ownerId: caller.id, peerId: person.id }))
  return known ?? withoutConnection(caller, person)
}

/** As `standingWith`, for several people at once. */
export async function standingsWith(
  { db }: Store,
  caller: Caller,
  people: readonly Account[],
): Promise<(person: Account) => Standing> {
  const ids = people.map(({ id }) => id)
  const known = caller ? await findStandings(db, caller.id, ids) : new Map<string, Connected>()
  return (person) => known.get(person.id) ?? withoutConnection(caller, person)
}

function withoutConnection(caller: Caller, { id, state }: Account): 'self' | 'none' | 'closed' {
  if (caller?.id === id) return 'self'
  return caller && state === 'active' ? 'none' : 'closed'
}
