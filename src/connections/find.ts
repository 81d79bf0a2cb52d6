import type { Kysely } from 'kysely'
import type { Context } from '../context.js'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import type { Account, Caller, PersonRef } from '../people/account.js'
import { findAccount } from '../people/store.js'
import type { Colleague, Relationship, Status } from './model.js'
import { findColleague, findRelationships } from './read-store.js'
import { visibleTo, checkMaySeeProfiles } from './rules.js'
import { findRelations, findTotals } from './summary-store.js'

/** Alternative names of one person. The first name that belongs to an account is used. */
export type Names = readonly PersonRef[]

type Reader = Pick<Context, 'db' | 'config'>

/**
 * Finds one view of a connection, reduced to the parts visible to the caller (docs/wire.md, One connection by id).
 *
 * @throws Failure `unauthenticated` for an anonymous request if the site requires a sign-in, `notFound` if the
 *   connection does not exist or is invisible to the caller
 */
export async function showColleague({ db, config }: Reader, caller: Caller, id: string): Promise<Colleague> {
  checkMaySeeProfiles(caller, config.REQUIRE_SIGN_IN)
  return requireVisible(caller, await findColleague(db, { id }))
}

/**
 * Finds one person's view of the connection with another, reduced to the parts visible to the caller (docs/wire.md,
 * Check two people).
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
  return requireVisible(caller, await findColleague(db, { ownerId: owner.id, peerId: peer.id }))
}

function requireVisible(caller: Caller, colleague: Colleague | undefined): Colleague {
  const seen = visibleTo(caller, colleague)
  if (seen) return seen
  throw noConnection()
}

/** Finds two people. @throws Failure `invalid` if either is unknown */
export async function findBoth(db: Kysely<Tables>, source: Names, target: Names): Promise<[Account, Account]> {
  return [await findFirst(db, source, 'source'), await findFirst(db, target, 'target')]
}

async function findFirst(db: Kysely<Tables>, names: Names, end: string): Promise<Account> {
  for (const name of names) {
    const account = await findAccount(db, name)
    if (account) return account
  }
  throw new Failure('invalid', `No person matches the ${end}; check its userid, key or e-mail address.`)
}

/** Finds a view by id, to change it. @throws Failure `notFound` */
export async function existing(db: Kysely<Tables>, id: string): Promise<Colleague> {
  const colleague = await findColleague(db, { id })
  if (colleague) return colleague
  throw noConnection()
}

/** Finds the relationship of a view by id, to delete it. @throws Failure `notFound` */
export async function existingRelationship(db: Kysely<Tables>, id: string): Promise<Relationship> {
  const [relationship] = await findRelationships(db, { id })
  if (relationship) return relationship
  throw noConnection()
}

/** The refusal for an unknown person. */
export const unknownPerson = (code: 'invalid' | 'notFound' = 'invalid') => new Failure(code, 'There is no such person.')

/** The refusal for a connection that is absent or invisible to the caller. */
export const noConnection = () => new Failure('notFound', 'There is no such connection.')

type Store = Pick<Context, 'db'>

/**
 * The viewer's relation to a person: `self` for the viewer's own account, `closed` if no connection is possible because
 * the viewer is anonymous or the person is inactive, `none` if a connection is possible but absent, or the connection.
 */
export type ViewerRelation = 'self' | 'none' | 'closed' | Connected

/** The parts of the viewer's view that do not describe people. */
type Connected = Pick<Colleague, 'id' | 'status' | 'message'>

/** The lengths of the caller's own lists. */
export const ownTotals = ({ db }: Store, { id }: Account): Promise<Record<Status, number>> => findTotals(db, id)

/** The caller's relation to a person. */
export async function relationTo({ db }: Store, caller: Caller, person: Account): Promise<ViewerRelation> {
  const known = caller && (await findColleague(db, { ownerId: caller.id, peerId: person.id }))
  return known ?? withoutConnection(caller, person)
}

/** The caller's relation to each of several people. */
export async function relationsTo(
  { db }: Store,
  caller: Caller,
  people: readonly Account[],
): Promise<(person: Account) => ViewerRelation> {
  const ids = people.map(({ id }) => id)
  const known = caller ? await findRelations(db, caller.id, ids) : new Map<string, Connected>()
  return (person) => known.get(person.id) ?? withoutConnection(caller, person)
}

function withoutConnection(caller: Caller, { id, state }: Account): 'self' | 'none' | 'closed' {
  if (caller?.id === id) return 'self'
  return caller && state === 'active' ? 'none' : 'closed'
}
