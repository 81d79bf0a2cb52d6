import { createHash, createHmac } from 'node:crypto'
import { isUuid } from '../people/account.js'
import { foldedEmail } from '../people/merge.js'
import { union, type Wish } from './access.js'

/**
 * A connection as the module has it: a grant to a target, or a link that is anybody's (docs/module.md, The connection
 * object).
 */
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
  /** What the target has of the context. */
  readonly access: number
  readonly roles: readonly string[]
  /** Between two accounts: what the context has of the target's account. */
  readonly reverseAccess: number
  readonly reverseRoles: readonly string[]
  /** The id of the key of which the token is made, where there is a token. */
  readonly tokenKey: string | null
  readonly appKey: string | null
  /** The part of `access` and `roles` that a privilege let the creator grant; null if none was needed. */
  readonly skippedAccess: number | null
  readonly skippedRoles: readonly string[]
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

type Sides = Pick<Grant, 'contextId' | 'access' | 'roles' | 'reverseAccess' | 'reverseRoles'>

/** What a connection gives on an object: on its context, or on the account that is its target. */
export const givenOn = (grant: Sides, id: string): Wish =>
  id === grant.contextId
    ? { access: grant.access, roles: grant.roles }
    : { access: grant.reverseAccess, roles: grant.reverseRoles }

/** A connection that gives this on one of its two objects, and on the other what it gave. */
export const givingOn = <One extends Sides>(grant: One, id: string, { access, roles }: Wish): One =>
  id === grant.contextId ? { ...grant, access, roles } : { ...grant, reverseAccess: access, reverseRoles: roles }

/** The higher level and all roles of two wishes. */
export const both = (one: Wish, other: Wish): Wish => ({
  access: Math.max(one.access, other.access),
  roles: union(one.roles, other.roles),
})

/** Whether a privilege let the creator grant all of it. */
export const isAllSkipped = ({
  access,
  roles,
  skippedAccess,
  skippedRoles,
}: Pick<Grant, 'access' | 'roles' | 'skippedAccess' | 'skippedRoles'>): boolean =>
  skippedAccess !== null && access <= skippedAccess && roles.every((role) => skippedRoles.includes(role))

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
export const described = (grant: Grant) => ({
  object: grant.object,
  context: grant.contextId,
  target: grant.targetId ?? grant.targetEmail,
  access: grant.access,
  roles: grant.roles,
  ...(isBetweenAccounts(grant) && { reverseAccess: grant.reverseAccess, reverseRoles: grant.reverseRoles }),
})

/** A secret of which tokens are made. */
interface TokenKey {
  /** Tells the key from others; nothing follows from it. */
  readonly id: string
  readonly secret: Uint8Array
}

/** The first one makes tokens; the others still make those again that they made. */
export type TokenKeys = readonly [TokenKey, ...TokenKey[]]

/** Makes keys of secrets of at least 32 bytes, the newest first. */
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
 * The token of a connection: made, not stored, so that it can be shown again although the database holds a hash of it
 * alone (docs/module.md, The connection object).
 *
 * @returns 32 characters of base62, some 190 bits
 */
export function tokenOf({ secret }: TokenKey, connectionId: string): string {
  let rest = BigInt(`0x${createHmac('sha256', secret).update(connectionId).digest('hex')}`)
  return Array.from({ length }, () => {
    const digit = alphabet[Number(rest % 62n)]
    rest /= 62n
    return digit
  }).join('')
}

/** By what a token is found. */
export const tokenHash = (token: string): Uint8Array => createHash('sha256').update(token).digest()

/** Whether a text has the form of a token; no id has it. */
export const isToken = (text: string): boolean => /^[A-Za-z0-9]{32}$/.test(text)

/** Types whose objects have UUIDs, taken in any case. Ids of an application's own objects are compared byte for byte. */
export const uuidObjects: readonly string[] = ['account', 'org']

/** What an id of a type is, in a sentence. */
export const idReason = (object: string): string =>
  uuidObjects.includes(object)
    ? 'An id is a UUID.'
    : 'An id is a text of 1 to 128 characters, none of them a control character.'

/** Whether a value can be the id of an object of some type. */
export const isContextId = (value: unknown): value is string =>
  typeof value === 'string' && /^[^\p{Cc}\p{Cs}]{1,128}$/u.test(value)

/** An id as objects of a type have it; undefined where none of them can. */
export function contextIdOf(object: string, id: unknown): string | undefined {
  if (!isContextId(id)) return undefined
  if (!uuidObjects.includes(object)) return id
  return isUuid(id) ? id.toLowerCase() : undefined
}

/** The columns that hold an id, which the database reads together as `context_key`. */
export const contextColumns = (id: string): { context_id: string | null; context_text: string | null } =>
  isUuid(id) && id === id.toLowerCase()
    ? { context_id: id, context_text: null }
    : { context_id: null, context_text: id }
