import { Failure } from '../errors.js'
import type { Account, Caller, Right } from '../people/account.js'
import { type Colleague, type Relationship, relationshipOf, type Status } from './model.js'

/**
 * Checks access to a list (docs/trust.md, Z2; docs/wire.md, Visibility). Accepted lists are public unless the site
 * requires a sign-in; other lists are private to their owner.
 *
 * @param ownerId undefined for an unknown person. The refusal is the same for unknown people and for lists of others
 * @throws Failure `unauthenticated` for an anonymous request, `forbidden` for other accounts
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
    throw new Failure('forbidden', `Only the owner can see their ${status} invitations.`)
  }
}

/**
 * Checks access to the search, profiles, photos and cards. The rule is the same as for accepted lists.
 *
 * @throws Failure `unauthenticated` for an anonymous request if the site requires a sign-in
 */
export function checkMaySeeProfiles(caller: Caller, requireSignIn: boolean): void {
  if (requireSignIn && caller === null) throw new Failure('unauthenticated', 'Sign in to see people and profiles.')
}

/**
 * Refuses e-mail addresses as names or search terms if the site hides them. The refusal is the same for known and
 * unknown addresses (docs/trust.md, Z3).
 *
 * @throws Failure `invalid`
 */
export function checkMayNameByAddress(hidesEmail: boolean): void {
  if (hidesEmail) throw new Failure('invalid', 'This site hides e-mail addresses; identify people by userid or key.')
}

/** Whether the caller owns a list or view. Only the owner sees pending counts and messages. */
export const isOwner = (caller: Caller, ownerId: string): boolean => caller?.id === ownerId

/**
 * Reduces a view to the parts visible to the caller (docs/wire.md, Visibility). Only the two people see an invitation.
 * Only the owner of a view sees its message.
 *
 * @returns undefined if the caller may not know of the connection
 */
export function visibleTo(caller: Caller, colleague: Colleague | undefined): Colleague | undefined {
  if (!colleague) return undefined
  const isOneOfThem = caller?.id === colleague.owner.id || caller?.id === colleague.peer.id
  if (colleague.status !== 'accepted' && !isOneOfThem) return undefined
  return isOwner(caller, colleague.owner.id) ? colleague : { ...colleague, message: '' }
}

/**
 * Checks the rights of a request's credential (docs/trust.md, A10).
 *
 * @param rights of the credential
 * @param needed `read` for a request that changes nothing
 * @throws Failure `forbidden`
 */
export function checkRight(rights: readonly Right[], needed: Right): void {
  if (rights.includes(needed)) return
  if (needed === 'account') {
    throw new Failure('forbidden', "App passwords cannot do this. Sign in with your account's password.")
  }
  throw new Failure('forbidden', `This app password lacks the scope ${needed}; use one with this scope.`)
}

/** Requires a signed-in caller, for changes. @throws Failure `unauthenticated` for an anonymous request */
export function signedIn(caller: Caller): Account {
  if (caller) return caller
  throw new Failure('unauthenticated', 'Sign in to change a network.')
}

/**
 * Checks that two people can become colleagues (docs/wire.md, Invite).
 *
 * @param invited undefined for an unknown person
 * @throws Failure `invalid` if a person is inactive or unknown, or both are the same
 */
export function checkMayInvite(inviter: Account, invited: Account | undefined): asserts invited is Account {
  if (inviter.state !== 'active' || invited?.state !== 'active') {
    throw new Failure('invalid', 'One of the two people is unknown or inactive.')
  }
  if (invited.id === inviter.id) throw new Failure('invalid', 'A person cannot be connected with themselves.')
}

/** Invitations per person and day (docs/trust.md, Limits). */
export const invitationsADay = 500

/**
 * Checks the daily limit of invitations.
 *
 * @param recent number of invitations in the last day, including those that were declined or withdrawn
 * @throws Failure `tooMany`
 */
export function checkMayInviteMore(recent: number): void {
  if (recent < invitationsADay) return
  const sentence = `The limit of ${invitationsADay} invitations per day is reached. Please try again tomorrow.`
  throw new Failure('tooMany', sentence, { retryAfter: 3600 })
}

/**
 * Checks that the caller is one of the two people, for changes and deletion.
 *
 * @throws Failure `forbidden`
 */
export function checkIsOneOf(caller: Account, { inviterId, invitedId }: Relationship): void {
  if (caller.id === inviterId || caller.id === invitedId) return
  throw new Failure('forbidden', 'Only the two people of a connection may change it.')
}

/**
 * Decides the effect of a status sent by a client (docs/wire.md, Accept): acceptance, or only a new message.
 *
 * @throws Failure `forbidden` if the caller is not the invited person, `invalid` for an impossible status
 */
export function statusChange(status: Status, caller: Account, colleague: Colleague): 'accepted' | 'rewritten' {
  checkIsOneOf(caller, relationshipOf(colleague))
  const isAccepted = colleague.status === 'accepted'
  if (status === 'unconfirmed' || (isAccepted && status === 'pending')) {
    const hint = isAccepted
      ? 'The connection is already accepted; send accepted to change its message, or delete it.'
      : 'The invitation is still pending; send pending to change its message, or delete it.'
    throw new Failure('invalid', `The status cannot become ${status}. ${hint}`)
  }
  if (isAccepted || status === 'pending') return 'rewritten'
  if (colleague.inviter.id !== caller.id) return 'accepted'
  throw new Failure('forbidden', 'Only the invited person can accept an invitation.')
}

/**
 * Requires the role admin. @throws Failure `unauthenticated` for an anonymous request, `forbidden` for other accounts
 */
export function checkIsAdmin(caller: Caller): Account {
  const account = signedIn(caller)
  if (account.roles.includes('admin')) return account
  throw new Failure('forbidden', 'This requires an account with the role admin.')
}
