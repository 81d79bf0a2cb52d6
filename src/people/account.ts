import type { Profile } from './fields.js'

/** A person in the directory. */
export interface Account {
  readonly id: string
  /** Identifies the profile on the wire: a UUID, as a rule equal to `id`. */
  readonly key: string
  /** The directory's own id, `snx:userid` on the wire. */
  readonly userId: string
  readonly login: string | null
  readonly email: string | null
  readonly name: string
  readonly state: 'active' | 'inactive'
  /** Whether from outside the organisation; null where nothing is known of it. */
  readonly external: boolean | null
  readonly profile: Profile
  readonly roles: readonly string[]
  /** When the profile last changed. */
  readonly updated: Date
}

/** One way to name a person. Keys, e-mail addresses and distinguished names match in any case. */
export interface PersonRef {
  readonly by: 'userId' | 'key' | 'email' | 'login' | 'distinguishedName'
  readonly value: string
}

/** Whether a text is a UUID, of whatever version. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)

/** Who asks: an account, or nobody. */
export type Caller = Account | null

/** What an app password may be used for. */
export type Scope = 'read' | 'write'

export const scopes: readonly Scope[] = ['read', 'write']

/** What a credential may be used for: `account` for what opens the account to others, such as making app passwords. */
export type Right = Scope | 'account'

/** What a person may who signed in with the password of the account. */
export const ownRights: readonly Right[] = [...scopes, 'account']

const sortLength = 64

/** A text without case, accents and the differences of form that Unicode calls compatible; decomposed. */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toUpperCase()
    .toLowerCase()
}

/**
 * A display name folded for order, and no longer than 64 characters, so that it fits an index and a link. Compared
 * byte by byte in UTF-8.
 */
export function sortKey(name: string): string {
  return Array.from(folded(name).normalize('NFKC')).slice(0, sortLength).join('')
}
