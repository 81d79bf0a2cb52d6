import type { Caller } from '../accounts/account.js'
import { Failure } from '../errors.js'
import type { Status } from './connection.js'

/**
 * Whether the caller may read a list (trust, Z2; wire reference, section 6.4): an accepted list is anybody's, unless
 * the site wants a sign-in; undecided ones are their owner's alone.
 *
 * @param ownerId undefined where nobody goes by the name given, so that the answer does not tell who exists
 * @throws Failure `unauthenticated` for nobody, `forbidden` for somebody else
 */
export function checkMayList(
  caller: Caller,
  ownerId: string | undefined,
  status: Status,
  requireSignIn: boolean,
): void {
  if (status === 'accepted' && !requireSignIn) return
  if (caller === null) throw new Failure('unauthenticated', 'Sign in to see this list.')
  if (status !== 'accepted' && caller.id !== ownerId) {
    throw new Failure('forbidden', `The ${status} invitations of a person are shown to that person alone.`)
  }
}

/**
 * Whether the caller may see people: search them, and read profiles, photos and cards. They are shown as accepted lists
 * are: to anybody, unless the site wants a sign-in.
 *
 * @throws Failure `unauthenticated` for nobody
 */
export function checkMaySeeProfiles(caller: Caller, requireSignIn: boolean): void {
  if (requireSignIn && caller === null) throw new Failure('unauthenticated', 'Sign in to see people and profiles.')
}

/** Whose pending count and messages a feed may show: the owner's, to the owner. */
export const isOwner = (caller: Caller, ownerId: string): boolean => caller?.id === ownerId
