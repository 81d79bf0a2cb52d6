import type { Kysely } from 'kysely'
import type { Context } from '../context.js'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import type { Account, Caller, PersonRef } from '../people/account.js'
import { findAccount } from '../people/store.js'
import type { Colleague, Relationship, Status } from './model.js'
import { findColleague, findRelationships } from './read-store.js'
import { asSeenBy, checkMaySeeProfiles } from './rules.js'
import { findStandings, findTotals } from './summary-store.js'

/** Ways in which one and the same person may be named; the first that somebody goes by counts. */
export type Names = readonly PersonRef[]

type Reader = Pick<Context, 'db' | 'config'>

/**
 * Shows one view of a connection, as far as the caller may see it (docs/wire.md, One connection by id).
 *
 * @throws Failure `unauthenticated` where the site wants a sign-in, `notFound` where there is none for this caller
 */
export async function showColleague({ db, config }: Reader, caller: Caller, id: string): Promise<Colleague> {
  checkMaySeeProfiles(caller, config.REQUIRE_SIGN_IN)
  return shown(caller, await findColleague(db, { id }))
}

/**
 * Shows how one person sees the connection with another, as far as the caller may see it (docs/wire.md, Check two
 * people).
 *
 * @throws Failure as `showColleague`, and `invalid` for an unknown person
 */
export async function showBetween(
  { db, config }: Reader,
  caller: Caller,
  source: Names,
  target: Names,
): Promise<Colleague> {
  checkMaySeeProfiles(caller, config.REQUIRE_SIGN_IN)
  const [owner, peer] = await findBoth(db, source, target)
  return shown(caller, await findColleague(db, { ownerId: owner.id, peerId: peer.id }))
}

function shown(caller: Caller, colleague: Colleague | undefined): Colleague {
  const seen = asSeenBy(caller, colleague)
  if (seen) return seen
  throw noConnection()
}

/** The two people named. @throws Failure `invalid` where one of them is nobody */
export async function findBoth(db: Kysely<Tables>, source: Names, target: Names): Promise<[Account, Account]> {
  return [await findFirst(db, source, 'source'), await findFirst(db, target, 'target')]
}

async function findFirst(db: Kysely<Tables>, names: Names, end: string): Promise<Account> {
  for (const name of names) {
    const account = await findAccount(db, name)
    if (account) return account
  }
  throw new Failure('invalid', `Nobody is known by the name given for the ${end}.`)
}

/** The view with this id, for whoever is about to rewrite it. @throws Failure `notFound` where there is none */
export async function existing(db: Kysely<Tables>, id: string): Promise<Colleague> {
  const colleague = await findColleague(db, { id })
  if (colleague) return colleague
  throw noConnection()
}

/** The relationship that a view with this id is of, for whoever is about to delete it. @throws as `existing` */
export async function existingRelationship(db: Kysely<Tables>, id: string): Promise<Relationship> {
  const [relationship] = await findRelationships(db, { id })
  if (relationship) return relationship
  throw noConnection()
}

/** What is said where nobody goes by the name given. */
export const unknownPerson = (code: 'invalid' | 'notFound' = 'invalid') =>
  new Failure(code, 'Nobody is known by the name given.')

/** What is said where no connection is, or none that the caller may know of. */
export const noConnection = () => new Failure('notFound', 'There is no such connection.')

type Store = Pick<Context, 'db'>

/** How somebody stands with another person: as himself, connected, not at all yet, or in no way that there could be. */
export type ViewerRelation = 'self' | 'none' | 'closed' | Connected

/** One's view of a connection, without the people. */
type Connected = Pick<Colleague, 'id' | 'status' | 'message'>

/** How many entries each of the caller's own lists has. */
export const ownTotals = ({ db }: Store, { id }: Account): Promise<Record<Status, number>> => findTotals(db, id)

/** Tells how the caller stands with a person, as far as that is the caller's own. */
export async function standingWith({ db }: Store, caller: Caller, person: Account): Promise<ViewerRelation> {
  const known = caller && (await findColleague(db, { ownerId: caller.id, peerId: person.id }))
  return known ?? withoutConnection(caller, person)
}

/** As `standingWith`, for several people at once. */
export async function standingsWith(
  { db }: Store,
  caller: Caller,
  people: readonly Account[],
): Promise<(person: Account) => ViewerRelation> {
  const ids = people.map(({ id }) => id)
  const known = caller ? await findStandings(db, caller.id, ids) : new Map<string, Connected>()
  return (person) => known.get(person.id) ?? withoutConnection(caller, person)
}

function withoutConnection(caller: Caller, { id, state }: Account): 'self' | 'none' | 'closed' {
  if (caller?.id === id) return 'self'
  return caller && state === 'active' ? 'none' : 'closed'
}
