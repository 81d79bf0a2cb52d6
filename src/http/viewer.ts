import type { Request } from 'express'
import type { Account, Caller, Person } from '../accounts/account.js'
import { findAccount } from '../accounts/store.js'
import { checkMaySeeProfiles } from '../connections/rules.js'
import { Failure } from '../errors.js'
import type { Door } from './door.js'

/**
 * Who asks for people and profiles, once that is allowed.
 *
 * @throws Failure as `identifier`; `unauthenticated` also for no credentials where a sign-in is required
 */
export async function identifyViewer(door: Door, request: Request): Promise<Caller> {
  const caller = await door.identify(request)
  checkMaySeeProfiles(caller, door.config.REQUIRE_SIGN_IN)
  return caller
}

/**
 * As `identifyViewer`; gives the person that the request is about.
 *
 * @param person the one it names; undefined for the caller
 * @throws Failure `unauthenticated` also when it names nobody and nobody asks
 */
export async function personAsked(door: Door, request: Request, person: Person | undefined): Promise<Person> {
  return personMeant(await identifyViewer(door, request), person)
}

/**
 * The person whom a request names, else the caller.
 *
 * @throws Failure `unauthenticated` where it names nobody and nobody asks
 */
export const personMeant = (caller: Caller, person: Person | undefined): Person =>
  person ?? { by: 'key', value: callerOf(caller).key }

/** As `personAsked`; gives the account, or undefined where nobody goes by that name. */
export async function accountAsked(
  door: Door,
  request: Request,
  person: Person | undefined,
): Promise<Account | undefined> {
  return findAccount(door.db, await personAsked(door, request, person))
}

/** The caller, of whom a request is that names nobody. */
export function callerOf(caller: Caller): NonNullable<Caller> {
  if (caller) return caller
  throw new Failure(
    'unauthenticated',
    'Sign in to see your own profile, or name a person by userid, key, email, uid or distinguishedName.',
  )
}
