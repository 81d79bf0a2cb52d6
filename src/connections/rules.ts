import { Failure } from '../errors.js'
import type { Account, Caller, Right } from '../people/account.js'
import { type Colleague, type Relationship, relationshipOf, type Status } from './model.js'

/**
 * Whether the caller may read a list (docs/trust.md, Z2; docs/wire.md, Visibility): an accepted list is anybody's,
 * unless the site wants a sign-in; undecided ones are their owner's alone.
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

/**
 * Whether people may be named by e-mail address, or looked for by one. Where the site hides addresses, nobody may: a
 * known address fails as an unknown one does (docs/trust.md, Z3).
 *
 * @throws Failure `invalid`
 */
export function checkMayNameByAddress(hidesEmail: boolean): void {
  if (hidesEmail) throw new Failure('invalid', 'This site hides e-mail addresses; name people by userid or key.')
}

/** Whose pending count and messages a feed may show: the owner's, to the owner. */
export const isOwner = (caller: Caller, ownerId: string): boolean => caller?.id === ownerId

/**
 * One view of a connection as far as the caller may see it (docs/wire.md, Visibility): an undecided one is the two
 * people's alone, and a message is for the owner of the view.
 *
 * @returns undefined where the caller may not know of it, as if it were not there
 */
export function asSeenBy(caller: Caller, colleague: Colleague | undefined): Colleague | undefined {
  if (!colleague) return undefined
  const isOneOfThem = caller?.id === colleague.owner.id || caller?.id === colleague.peer.id
  if (colleague.status !== 'accepted' && !isOneOfThem) return undefined
  return isOwner(caller, colleague.owner.id) ? colleague : { ...colleague, message: '' }
}

/**
 * Whether the credential that a request came with is good for it (docs/trust.md, A10).
 *
 * @param rights of the credential
 * @param needed `read` for a request that only reads
 * @throws Failure `forbidden`
 */
export function checkRight(rights: readonly Right[], needed: Right): void {
  if (rights.includes(needed)) return
  if (needed === 'account') {
    throw new Failure('forbidden', 'An app password may not do this: sign in with the password of your account.')
  }
  throw new Failure('forbidden', `This app password may not ${needed}; use one that has the scope ${needed}.`)
}

/** Whoever writes signs in. @throws Failure `unauthenticated` for nobody */
export function signedIn(caller: Caller): Account {
  if (caller) return caller
  throw new Failure('unauthenticated', 'Sign in to change a network.')
}

/**
 * Whether two people can become colleagues (docs/wire.md, Invite).
 *
 * @param invited undefined where nobody goes by the name given
 * @throws Failure `invalid` when one of them is inactive, or the invited is unknown or the inviter
 */
export function checkMayInvite(inviter: Account, invited: Account | undefined): asserts invited is Account {
  if (inviter.state !== 'active' || invited?.state !== 'active') {
    throw new Failure('invalid', 'Nobody active is known by the name given.')
  }
  if (invited.id === inviter.id) throw new Failure('invalid', 'A person cannot be connected with themselves.')
}

/** How many others a person may invite in a day (docs/trust.md, Limits). */
export const invitationsADay = 500

/**
 * Whether somebody may invite one more.
 *
 * @param recent how many were made in the last day, whatever became of them
 * @throws Failure `tooMany`
 */
export function checkMayInviteMore(recent: number): void {
  if (recent < invitationsADay) return
  const sentence = `A person may invite ${invitationsADay} others in a day; please go on tomorrow.`
  throw new Failure('tooMany', sentence, { retryAfter: 3600 })
}

/**
 * Whether the caller may change or delete a connection: each of the two may.
 *
 * @throws Failure `forbidden`
 */
export function checkIsOneOf(caller: Account, { inviterId, invitedId }: Relationship): void {
  if (caller.id === inviterId || caller.id === invitedId) return
  throw new Failure('forbidden', 'Only the two people of a connection may change it.')
}

/**
 * What a rewriting to a status comes to (docs/wire.md, Accept).
 *
 * @returns whether the caller accepts the connection by it, or leaves the status as it is
 * @throws Failure `forbidden` for whoever is not asked, `invalid` for a step that a connection cannot take
 */
export function stepTo(status: Status, caller: Account, colleague: Colleague): 'accepted' | 'rewritten' {
  checkIsOneOf(caller, relationshipOf(colleague))
  const isAccepted = colleague.status === 'accepted'
  if (status === 'unconfirmed' || (isAccepted && status === 'pending')) {
    const hint = isAccepted
      ? 'This connection is accepted and stays so; send accepted to rewrite its message, or delete it.'
      : 'This invitation waits for its answer; send pending to rewrite its message, or delete it.'
    throw new Failure('invalid', `The status cannot become ${status}. ${hint}`)
  }
  if (isAccepted || status === 'pending') return 'rewritten'
  if (colleague.inviter.id !== caller.id) return 'accepted'
  throw new Failure('forbidden', 'Only the invited person can accept an invitation.')
}

/** Whether the caller administers the site. @throws Failure `unauthenticated` for nobody, `forbidden` for others */
export function checkIsAdmin(caller: Caller): Account {
  const account = signedIn(caller)
  if (account.roles.includes('admin')) return account
  throw new Failure('forbidden', 'This takes an account with the role admin.')
}
