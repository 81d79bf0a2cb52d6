import { createHash, createHmac } from 'node:crypto'
import { v7 as newId } from 'uuid'
import { asColleagues } from '../connections/model.js'
import { isUuid } from '../people/account.js'
import { foldedEmail } from '../people/merge.js'
import { type Access, type Granted, union, type Wish } from './access.js'
import { levels } from './object-types.js'

/**
 * A stored connection of the module: an invitation, an active connection or a link. `Connection` is its form for
 * programs (docs/module.md, The connection object).
 */
export interface Grant {
  readonly id: string
  readonly object: string
  readonly contextId: string
  readonly creatorId: string
  /** Null for a link, and for an invitation by address until it is accepted. */
  readonly targetId: string | null
  /** Folded by `foldedEmail`. */
  readonly targetEmail: string | null
  readonly targetFirst: string | null
  readonly targetLast: string | null
  readonly state: 'pending' | 'active'
  /** The target's rights on the context. */
  readonly access: number
  readonly roles: readonly string[]
  /** Between two accounts: the context's rights on the target's account. */
  readonly reverseAccess: number
  readonly reverseRoles: readonly string[]
  /** Id of the key for deriving the token; null without a token. */
  readonly tokenKey: string | null
  readonly appKey: string | null
  /** The part of `access` and `roles` that needed a privilege of the creator; null if none did. */
  readonly skippedAccess: number | null
  readonly skippedRoles: readonly string[]
  readonly expiresAt: Date | null
  readonly usesRemaining: number | null
  readonly created: Date
  readonly updated: Date
}

/** Whether a connection is a link: every holder of its token may use it. */
export const isLink = ({ state, targetId, targetEmail }: Grant): boolean =>
  state === 'active' && targetId === null && targetEmail === null

/** Whether a connection is a colleague relationship: it is in the feeds of both accounts, and never expires. */
export const isBetweenAccounts = ({ object, targetId }: Pick<Grant, 'object' | 'targetId'>): boolean =>
  object === 'account' && targetId !== null

type Sides = Pick<Grant, 'contextId' | 'access' | 'roles' | 'reverseAccess' | 'reverseRoles'>

/** The access that a connection gives on one of its objects: on its context, or on the target's account. */
export const givenOn = (grant: Sides, id: string): Wish =>
  id === grant.contextId
    ? { access: grant.access, roles: grant.roles }
    : { access: grant.reverseAccess, roles: grant.reverseRoles }

/** Returns a copy of a connection with different access on one of its objects. */
export const givingOn = <One extends Sides>(grant: One, id: string, { access, roles }: Wish): One =>
  id === grant.contextId ? { ...grant, access, roles } : { ...grant, reverseAccess: access, reverseRoles: roles }

/** The higher level and all roles of two wishes. */
export const both = (one: Wish, other: Wish): Wish => ({
  access: Math.max(one.access, other.access),
  roles: union(one.roles, other.roles),
})

/** The access of a level and roles. */
export const toAccess = ({ access, roles }: Wish): Access => ({ level: access, roles: new Set(roles) })

/** The access that a connection gives its target; `public` while the connection is pending. */
export const accessGiven = ({ state, access, roles }: Pick<Grant, 'state' | 'access' | 'roles'>): Access =>
  toAccess(state === 'pending' ? { access: levels.public, roles: [] } : { access, roles })

/** Whether everything that a connection grants needed a privilege of the creator. */
export const isAllSkipped = ({
  access,
  roles,
  skippedAccess,
  skippedRoles,
}: Pick<Grant, 'access' | 'roles' | 'skippedAccess' | 'skippedRoles'>): boolean =>
  skippedAccess !== null && access <= skippedAccess && roles.every((role) => skippedRoles.includes(role))

/** Whether an account is the target, by id or by address. */
export const isTarget = (
  { targetId, targetEmail }: Pick<Grant, 'targetId' | 'targetEmail'>,
  account: { readonly id: string; readonly email: string | null } | null,
): boolean =>
  account !== null &&
  (targetId === null ? targetEmail !== null && targetEmail === addressOf(account) : targetId === account.id)

/** The address by which invitations find an account. */
export const addressOf = ({ email }: { readonly email: string | null }): string | null =>
  email === null ? null : foldedEmail(email)

/** Describes a connection for an audit event. */
export const described = (grant: Grant) => ({
  object: grant.object,
  context: grant.contextId,
  target: grant.targetId ?? grant.targetEmail,
  access: grant.access,
  roles: grant.roles,
  ...(isBetweenAccounts(grant) && { reverseAccess: grant.reverseAccess, reverseRoles: grant.reverseRoles }),
})

/** Invitations between two accounts never expire. */
const invitationLifetimeMs = 7 * 24 * 3_600_000

/** The expiry of an invitation that is made or renewed at this moment; null for none. */
const expiryOf = (grant: Pick<Grant, 'object' | 'targetId'>, moment: Date): Date | null =>
  isBetweenAccounts(grant) ? null : new Date(moment.getTime() + invitationLifetimeMs)

/** The properties of a new connection that have no default. */
type NewProperties = Pick<Grant, 'object' | 'contextId' | 'creatorId' | 'state' | 'appKey'>

/** A new connection. */
export const newGrant = (
  properties: NewProperties & Partial<Grant>,
  { access, roles, skipped }: Granted,
  moment: Date,
): Grant => ({
  id: newId(),
  targetId: null,
  targetEmail: null,
  targetFirst: null,
  targetLast: null,
  access,
  roles,
  reverseAccess: asColleagues.access,
  reverseRoles: asColleagues.roles,
  skippedAccess: skipped?.access ?? null,
  skippedRoles: skipped?.roles ?? [],
  tokenKey: null,
  expiresAt: null,
  usesRemaining: null,
  created: moment,
  updated: moment,
  ...properties,
})

/** A new invitation. @param tokenKey id of the key of its token */
export const newInvitation = (
  properties: Omit<NewProperties, 'state'> & Partial<Grant>,
  wish: Granted,
  tokenKey: string,
  moment: Date,
): Grant => {
  const expiresAt = expiryOf({ targetId: null, ...properties }, moment)
  return newGrant({ ...properties, state: 'pending', tokenKey, expiresAt }, wish, moment)
}

/** A repeated invitation: it grants the combined access of both invitations, and its lifetime starts again. */
export function refreshed(grant: Grant, wish: Granted, moment: Date): Grant {
  const skipped = wish.skipped && both({ access: grant.skippedAccess ?? 0, roles: grant.skippedRoles }, wish.skipped)
  return {
    ...grant,
    ...both(grant, wish),
    ...(skipped && { skippedAccess: skipped.access, skippedRoles: skipped.roles }),
    expiresAt: expiryOf(grant, moment),
    updated: moment,
  }
}

/**
 * Activates the pending invitation between two accounts, created by either of them. Grants the wish on the account
 * `id`, and `connected` on the other account.
 */
export const connectedAtOnce = (pair: Grant, id: string, wish: Wish, moment: Date): Grant =>
  givingOn({ ...pair, ...asColleagues, state: 'active', tokenKey: null, expiresAt: null, updated: moment }, id, wish)

/** A secret that tokens are derived from. */
interface TokenKey {
  /** Public, since it reveals nothing about the secret. */
  readonly id: string
  readonly secret: Uint8Array
}

/** New tokens are derived with the first key. The other keys derive older tokens again. */
export type TokenKeys = readonly [TokenKey, ...TokenKey[]]

/** The keys for secrets of at least 32 bytes, the newest secret first. */
export const keysOf = ([newest, ...older]: readonly [Uint8Array, ...Uint8Array[]]): TokenKeys => [
  tokenKey(newest),
  ...older.map(tokenKey),
]

const tokenKey = (secret: Uint8Array): TokenKey => ({
  id: createHash('sha256').update('token key').update(secret).digest('hex').slice(0, 16),
  secret,
})

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const length = 32

/**
 * The token of a connection. It is derived, so that it can be shown again; the database holds only its hash
 * (docs/module.md, The connection object).
 *
 * @returns 32 characters of base62, about 190 bits
 */
export function tokenOf({ secret }: TokenKey, connectionId: string): string {
  let rest = BigInt(`0x${createHmac('sha256', secret).update(connectionId).digest('hex')}`)
  return Array.from({ length }, () => {
    const digit = alphabet[Number(rest % 62n)]
    rest /= 62n
    return digit
  }).join('')
}

/** The stored hash of a token. */
export const tokenHash = (token: string): Uint8Array => createHash('sha256').update(token).digest()

/** Whether a text has the form of a token. No id of a connection has this form (docs/trust.md, Z7). */
export const isToken = (text: string): boolean => /^[A-Za-z0-9]{32}$/.test(text)

/** Types with UUIDs as ids, in upper or lower case. Ids of other types are compared byte for byte. */
export const uuidObjects: readonly string[] = ['account', 'org']

/** Describes the valid ids of a type, for error messages. */
export const idReason = (object: string): string =>
  uuidObjects.includes(object)
    ? 'An id must be a UUID.'
    : 'An id must be a string of 1 to 128 characters without control characters.'

/** Whether a value can be the id of an object of some type. */
export const isContextId = (value: unknown): value is string =>
  typeof value === 'string' && /^[^\p{Cc}\p{Cs}]{1,128}$/u.test(value)

/** Converts an id to its stored form; undefined if no object of the type can have this id. */
export function contextIdOf(object: string, id: unknown): string | undefined {
  if (!isContextId(id)) return undefined
  if (!uuidObjects.includes(object)) return id
  return isUuid(id) ? id.toLowerCase() : undefined
}

/** The two columns for the id of a context. The database generates `context_key` from them. */
export const contextColumns = (id: string): { context_id: string | null; context_text: string | null } =>
  isUuid(id) && id === id.toLowerCase()
    ? { context_id: id, context_text: null }
    : { context_id: null, context_text: id }
