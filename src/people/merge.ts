import { v5 as uuidOf } from 'uuid'
import { Failure } from '../errors.js'
import type { Account } from './account.js'
import { type Extension, otherFields, type TextField, textFieldNames } from './fields.js'

/** One statement about a person, from a document or an operator. */
export interface ImportedPerson extends Omit<Observation, 'external'> {
  /** Null if explicitly stated as unknown. */
  readonly external?: boolean | null
  /** Whether its values win over other values of the same date. True for statements by the operator. */
  readonly decides?: boolean
}

/**
 * One document's view of a person. An absent field was not shown; an empty field (`''`, `[]`, null) was shown as empty.
 * At least one of `key`, `userId` and `email` identifies the person.
 */
export interface Observation {
  readonly key?: string
  readonly userId?: string
  readonly login?: string
  readonly email?: string
  readonly name?: string
  readonly state?: 'active' | 'inactive'
  readonly external?: boolean
  readonly roles?: readonly string[]
  readonly profile?: ShownProfile
  /** Last change of the profile, if stated. */
  readonly updated?: Date
  /** The date of the document. */
  readonly seen: Date
}

export type ShownProfile = { readonly [Name in TextField]?: string } & {
  readonly tags?: readonly string[]
  readonly isManager?: boolean | null
  readonly extensions?: readonly Extension[]
}

/**
 * The result of merging all statements about a person. `seen` has the date of each value in milliseconds since 1970.
 */
export interface MergedPerson extends Omit<Account, 'id'> {
  readonly seen: Readonly<Record<string, number>>
}

/**
 * Turns one statement into a person. Derives a missing key from the user id, and a missing user id from the address or
 * the key. A stated id that equals a derived one counts as derived, so that a real id replaces it.
 *
 * @throws Failure `invalid` if the statement identifies no person
 */
export function knownFrom(statement: ImportedPerson): MergedPerson {
  const { key, userId, email, updated, profile } = statement
  if (!key && !userId && !email) throw new Failure('invalid', 'A key, a user id or an e-mail address is required.')
  const seen = statement.seen.getTime()
  const shown: Record<string, unknown> = { ...profile, key: key || undefined, userId: userId || undefined }
  for (const field of plainFields) shown[field] = statement[field]
  if (!shown['name']) delete shown['name']
  const facts = new Map<string, Fact>()
  for (const [field, value] of Object.entries(shown)) if (value !== undefined) facts.set(field, { value, seen })
  deleteIds(facts, derivedIds([{ key, userId, email }]))
  return toMergedPerson(facts, updated?.getTime() ?? seen, updated !== undefined)
}

/**
 * Merges two partial views of one person. For each field, the latest value wins; among values of the same date, the one
 * with the greater JSON text. Without `decides`, the order of the two matters only for a derived key.
 *
 * @param decides whether `other` wins among values of the same date
 * @throws Failure `invalid` if both have real keys and these differ, or if the keys differ and both have real user ids
 *   that differ
 */
export function merged(one: MergedPerson, other: MergedPerson, decides = false): MergedPerson {
  const derived = derivedIds([one, other])
  const [facts, others] = [factsOf(one), factsOf(other)]
  deleteIds(facts, derived)
  deleteIds(others, derived)
  for (const field of ['userId', 'key'] as const) {
    if (one.key !== other.key && facts.has(field) && others.has(field) && one[field] !== other[field]) {
      const what = field === 'key' ? 'profile keys' : 'user ids'
      throw new Failure('invalid', `One person cannot have two ${what}, ${one[field]} and ${other[field]}.`)
    }
  }
  for (const [field, fact] of others) facts.set(field, winner(facts.get(field), fact, decides))
  // If only the address identifies the person, keep it, even if a later document shows none.
  if (!facts.has('key') && !facts.has('userId') && isEmpty(facts.get('email')?.value)) {
    facts.set('email', { value: one.email ?? other.email, seen: facts.get('email')?.seen as number })
  }
  const [stated, otherStated] = [isUpdateStated(one), isUpdateStated(other)]
  const dates = [...(stated || !otherStated ? [one] : []), ...(otherStated || !stated ? [other] : [])]
  const updated = Math.max(...dates.map((each) => each.updated.getTime()))
  const person = toMergedPerson(facts, updated, stated || otherStated)
  if (one.key !== other.key || person.key === one.key) return person
  // The key was derived from a user id that has since changed. Keep it: it is the person's identity.
  const seen = Math.max(...[one, other].map((each) => each.seen['key'] ?? each.updated.getTime()))
  return toMergedPerson(facts.set('key', { value: one.key, seen }), updated, stated || otherStated)
}

interface Fact {
  readonly value: unknown
  readonly seen: number
}

type Facts = ReadonlyMap<string, Fact>

function deleteIds(facts: Map<string, Fact>, ids: ReadonlySet<unknown>): void {
  for (const field of ['key', 'userId']) if (ids.has(facts.get(field)?.value)) facts.delete(field)
}

/** All ids that may be derived from these values. */
function derivedIds(parts: readonly { key?: string; userId?: string; email?: string | null }[]): Set<string> {
  return new Set(
    parts.flatMap(({ key, userId, email }) => [
      ...(email ? [userIdOfEmail(email)] : []),
      ...(key ? [userIdOfKey(key)] : []),
      ...(userId ? [keyOfUserId(userId)] : []),
    ]),
  )
}

/**
 * The stated values of a person, without substitutes for missing ones. Values that were never imported have the
 * account's date.
 */
function factsOf(person: MergedPerson): Map<string, Fact> {
  const values: Record<string, unknown> = { ...person, ...person.profile }
  if (person.seen['name'] === undefined && person.name === substituteName(person)) delete values['name']
  if (person.seen['state'] === undefined && person.state === 'active') delete values['state']
  const facts = new Map<string, Fact>()
  const losses = Object.keys(person.seen).filter(isLoss)
  for (const field of ['key', 'userId', ...plainFields, ...profileFields, ...losses]) {
    const seen = person.seen[field] ?? (isEmpty(values[field]) ? undefined : person.updated.getTime())
    if (seen !== undefined) facts.set(field, { value: values[field], seen })
  }
  return facts
}

function winner(one: Fact | undefined, other: Fact, decides: boolean): Fact {
  if (one === undefined || other.seen > one.seen) return other
  if (one.seen > other.seen) return one
  return decides || Buffer.compare(comparable(other.value), comparable(one.value)) > 0 ? other : one
}

/**
 * A value as JSON text in UTF-8, so that values are compared in code point order. The order of keys is fixed, since the
 * database reorders keys.
 */
const comparable = (value: unknown) =>
  Buffer.from(isEmpty(value) ? '' : JSON.stringify(value, ['id', 'key', 'value', 'dataType']))

const isEmpty = (value: unknown) =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** Whether the date of a profile was stated. Also true for an account that was not imported. */
const isUpdateStated = ({ seen }: MergedPerson) => seen['updated'] !== undefined || Object.keys(seen).length === 0

function toMergedPerson(facts: Facts, updated: number, isStated: boolean): MergedPerson {
  const value = <Value>(field: string) => {
    const stated = facts.get(field)?.value
    return (isEmpty(stated) ? null : stated) as Value | null
  }
  const email = value<string>('email')
  const key = value<string>('key')
  const userId = value<string>('userId') ?? (email === null ? userIdOfKey(key as string) : userIdOfEmail(email))
  const seen = Object.fromEntries([...facts].map(([field, fact]) => [field, fact.seen]))
  if (isStated) seen['updated'] = updated
  return {
    key: key ?? keyOfUserId(userId),
    userId,
    login: value('login'),
    email,
    name: value('name') ?? substituteName({ email, userId }),
    state: value('state') ?? 'active',
    external: value('external'),
    profile: Object.fromEntries(
      profileFields.flatMap((field) => (value(field) === null ? [] : [[field, value(field)]])),
    ),
    roles: value('roles') ?? [],
    updated: new Date(updated),
    seen,
  }
}

/** The display name of a person without a name. */
export const substituteName = ({ email, userId }: Pick<Account, 'email' | 'userId'>) => email ?? userId

/**
 * The current dates of all values, to be stored if the account gets a new date although its values do not change. A
 * document with newer values can then still replace them.
 */
export function datesKept(person: MergedPerson, updated: Date): MergedPerson['seen'] {
  const values = [...factsOf(person)].map(([field, { seen }]) => [field, seen] as const)
  return { ...Object.fromEntries(values), updated: updated.getTime() }
}

/** The ids of a person that are not derived from other values. */
export function realIds(person: MergedPerson): {
  readonly key: string | undefined
  readonly userId: string | undefined
} {
  const derived = derivedIds([person])
  const { key, userId } = person
  return { key: derived.has(key) ? undefined : key, userId: derived.has(userId) || userId === key ? undefined : userId }
}

/** A user id for a person without one. */
export const spareUserId = ({ key, userId }: MergedPerson): string => (userId === key ? userIdOfKey(key) : key)

// The namespaces of derived ids. A missing id is derived from a known value, always with the same result.
const userIdsOfEmails = '0f6b2c7e-6d0b-5f7a-9d53-3f0a5f4b8c11'
const userIdsOfKeys = '6a0d3b52-4f1e-5c86-8f29-b1c7d2e9a034'
const keysOfUserIds = 'c4d8e1f7-93ab-5e20-a6b5-7e1f0c2d4b98'

const userIdOfEmail = (email: string) => uuidOf(foldedEmail(email), userIdsOfEmails)
const userIdOfKey = (key: string) => uuidOf(key, userIdsOfKeys)
const keyOfUserId = (userId: string) => uuidOf(userId, keysOfUserIds)

/** Folds A to Z only, like the index on the column `email`. */
export const foldedEmail = (email: string): string => email.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())

/**
 * Prefix of the keys in `seen` that record lost names. The value is the date from which the name belongs to another
 * person (`claims.ts`).
 */
export const lossPrefix = 'lost '
export const isLoss = (entry: string): boolean => entry.startsWith(lossPrefix)

const profileFields = [...textFieldNames, ...Object.keys(otherFields)]
const plainFields = ['login', 'email', 'name', 'state', 'external', 'roles'] as const
