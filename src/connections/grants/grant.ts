import { foldedEmail } from '../../accounts/merge.js'

/** A connection as the module has it: a grant to a target, or a link that is anybody's (reference, section 11). */
export interface Grant {
  readonly id: string
  readonly object: string
  readonly contextId: string
  readonly creatorId: string
  /** Null on links, and on an invitation to an address until somebody applies it. */
  readonly targetId: string | null
  /** As `foldedEmail` makes it. */
  readonly targetEmail: string | null
  readonly targetFirst: string | null
  readonly targetLast: string | null
  readonly state: 'pending' | 'active'
  readonly access: number
  readonly roles: readonly string[]
  /** The id of the key of which the token is made, where there is a token. */
  readonly tokenKey: string | null
  readonly appKey: string | null
  readonly skippedAcl: boolean
  readonly expiresAt: Date | null
  readonly usesRemaining: number | null
  readonly created: Date
  readonly updated: Date
}

/** Whether whoever has its token may use it. */
export const isLink = ({ state, targetId, targetEmail }: Grant): boolean =>
  state === 'active' && targetId === null && targetEmail === null

/** Whether it is between two accounts, who each see it in their feed: such a one never expires. */
export const isBetweenAccounts = ({ object, targetId }: Pick<Grant, 'object' | 'targetId'>): boolean =>
  object === 'account' && targetId !== null

/** Whom a grant is for. */
export const isTarget = (
  { targetId, targetEmail }: Pick<Grant, 'targetId' | 'targetEmail'>,
  account: { readonly id: string; readonly email: string | null } | null,
): boolean =>
  account !== null &&
  (targetId === null ? targetEmail !== null && targetEmail === addressOf(account) : targetId === account.id)

/** The address by which invitations find an account. */
export const addressOf = ({ email }: { readonly email: string | null }): string | null =>
  email === null ? null : foldedEmail(email)

/** A connection as the audit tells of it. */
export const described = ({ object, contextId, targetId, targetEmail, access, roles }: Grant) => ({
  object,
  context: contextId,
  target: targetId ?? targetEmail,
  access,
  roles,
})
