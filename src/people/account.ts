import type { Profile } from './fields.js'

/** The parts of an account that an Atom person construct shows. */
export interface Person {
  readonly id: string
  /** The profile's id on the wire: a UUID, usually equal to `id`. */
  readonly key: string
  /** The directory's id, `snx:userid` on the wire. */
  readonly userId: string
  readonly email: string | null
  readonly name: string
  readonly state: 'active' | 'inactive'
  /** Whether the person is from outside the organisation; null if unknown. */
  readonly external: boolean | null
}

/** A person in the directory. */
export interface Account extends Person {
  readonly login: string | null
  readonly profile: Profile
  readonly roles: readonly string[]
  /** Last change of the profile. */
  readonly updated: Date
}

/** A name that identifies a person. Keys, e-mail addresses and distinguished names are case-insensitive. */
export interface PersonRef {
  readonly by: 'userId' | 'key' | 'email' | 'login' | 'distinguishedName'
  readonly value: string
}

/** Whether a text is a UUID of any version. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)

/** The authenticated account, or null for an anonymous request. */
export type Caller = Account | null

/** A permission of an app password. */
export type Scope = 'read' | 'write'

export const scopes: readonly Scope[] = ['read', 'write']

/** A permission of a credential. `account` covers account security, such as creating app passwords. */
export type Right = Scope | 'account'

/** The permissions of a sign-in with the account's own password. */
export const ownRights: readonly Right[] = [...scopes, 'account']

const sortLength = 64

/** Folds a text: decomposes it, and removes case, accents and compatibility variants. */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toUpperCase()
    .toLowerCase()
}

/**
 * Folds a display name to a sort key of at most 64 characters, so that it fits an index and a URL. Sort keys are
 * compared byte by byte in UTF-8.
 */
export function sortKey(name: string): string {
  return Array.from(folded(name).normalize('NFKC')).slice(0, sortLength).join('')
}
