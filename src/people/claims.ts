import { foldedEmail, isLoss, type MergedPerson, lossPrefix, realIds, spareUserId, substituteName } from './merge.js'

/**
 * The fields of sign-in names, by precedence: if two people claim the same name in different fields, the earlier field
 * wins.
 */
const nameFields = ['userId', 'email', 'login'] as const

export type NameField = (typeof nameFields)[number]

/** A name claimed by two people, and which of them loses it. */
export interface Collision {
  readonly loser: 'one' | 'other'
  readonly field: NameField
  readonly name: string
  /** From this date on, the name belongs to the other person. In milliseconds since 1970. */
  readonly since: number
  /** False for a derived user id. */
  readonly isReal: boolean
}

/**
 * Finds the first name claimed by two people, and decides the loser. In different fields, the earlier of `nameFields`
 * wins. In the same field, the later claim wins; if both have the same date, the claim of `one` wins.
 *
 * @param one the person being imported
 */
export function collisionOf(one: MergedPerson, other: MergedPerson): Collision | undefined {
  for (const mine of nameFields) {
    for (const theirs of nameFields) {
      const [name, otherName] = [one[mine], other[theirs]]
      if (name === null || otherName === null || !isSame(name, mine, otherName, theirs)) continue
      const [here, there] = [claimedAt(one, mine), claimedAt(other, theirs)]
      const isMine = mine === theirs ? here >= there && here > -Infinity : rank(mine) < rank(theirs)
      const lost = isMine ? { field: theirs, name: otherName, at: there } : { field: mine, name, at: here }
      return {
        loser: isMine ? 'other' : 'one',
        field: lost.field,
        name: lost.name,
        // A claim that lost to another field must not be restored by the same statement, even if the name is free by
        // then.
        since: Math.max(here, there) + (mine === theirs ? 0 : 1),
        isReal: lost.at > -Infinity,
      }
    }
  }
  return undefined
}

const isSame = (name: string, field: NameField, other: string, otherField: NameField) =>
  field === 'email' || otherField === 'email' ? foldedEmail(name) === foldedEmail(other) : name === other

const rank = (field: NameField) => nameFields.indexOf(field)

/** The date of a person's claim to the name in a field; minus infinity for a derived user id. */
function claimedAt(person: MergedPerson, field: NameField): number {
  if (field === 'userId' && realIds(person).userId === undefined) return -Infinity
  return person.seen[field] ?? person.updated.getTime()
}

/** Removes a lost name from a person. A lost user id is replaced by `spareUserId`. */
export function withoutName(
  person: MergedPerson,
  { field, name, since, isReal }: Omit<Collision, 'loser'>,
): MergedPerson {
  const at = claimedAt(person, field)
  const left = field === 'userId' ? { ...person, userId: spareUserId(person) } : { ...person, [field]: null }
  // Without an import, a person has no dates in `seen` yet: record the date of the account.
  const updated = person.updated.getTime()
  const seen: Record<string, number> = Object.keys(person.seen).length === 0 ? { updated } : { ...person.seen }
  if (field === 'userId') seen['key'] ??= updated
  if (isReal) Object.assign(seen, { [field]: at, [lossEntry(field, name)]: since })
  return withSubstituteName({ ...left, seen }, person)
}

/** The key in `seen` that records the loss of a name to another person. */
const lossEntry = (field: NameField, name: string) => `${lossPrefix}${field} ${normalized(field, name)}`

/** E-mail addresses are case-insensitive, other names are not. */
const normalized = (field: NameField, name: string) => (field === 'email' ? foldedEmail(name) : name)

/**
 * Removes from a statement the names that its person has lost to other people. A name is restored only by a statement
 * later than the loss, or by one of the same date if the name is free.
 */
export function withoutLost(
  statement: MergedPerson,
  person: MergedPerson,
  isTaken: (field: NameField, name: string) => boolean,
): MergedPerson {
  const stale = nameFields.filter((field) => {
    const name = statement[field]
    const lost = name === null ? undefined : person.seen[lossEntry(field, name)]
    if (name === null || lost === undefined) return false
    const at = claimedAt(statement, field)
    return at < lost || (at === lost && isTaken(field, name))
  })
  if (stale.length === 0) return statement
  const ids = realIds(statement)
  const userId = stale.includes('userId') || ids.userId === undefined ? undefined : ids.userId
  const seen = Object.fromEntries(Object.entries(statement.seen).filter(([key]) => !stale.some((each) => each === key)))
  const left = {
    ...statement,
    ...(stale.includes('email') && { email: null }),
    ...(stale.includes('login') && { login: null }),
    key: ids.key ?? person.key,
    userId: userId ?? person.userId,
    seen: userId === undefined ? { ...seen, userId: person.seen['userId'] ?? person.updated.getTime() } : seen,
  }
  return withSubstituteName(left, statement)
}

/** Replaces a display name that was derived from a lost name. */
function withSubstituteName(left: MergedPerson, before: MergedPerson): MergedPerson {
  const isCalled = before.seen['name'] !== undefined || before.name !== substituteName(before)
  return isCalled ? left : { ...left, name: substituteName(left) }
}

/**
 * Disables a person after the loss of the user id. The new date of the state is later than the old one, and later than
 * the dates of all lost names.
 */
export function disabled(person: MergedPerson): MergedPerson {
  const losses = Object.entries(person.seen).flatMap(([key, at]) => (isLoss(key) ? at : []))
  const at = Math.max(person.seen['state'] ?? 0, ...losses) + 1
  return { ...person, state: 'inactive', seen: { ...person.seen, state: at } }
}

export function hasName(person: MergedPerson, field: NameField, wanted: string): boolean {
  const name = person[field]
  return name !== null && normalized(field, name) === normalized(field, wanted)
}

/** Whether the person has the name in the given field or in a field of higher precedence. */
export const keepsFromOthers = (person: MergedPerson, field: NameField, wanted: string): boolean =>
  nameFields.slice(0, rank(field) + 1).some((each) => {
    const name = person[each]
    return name !== null && isSame(name, each, wanted, field)
  })

/** A person's sign-in names, folded. Two people can claim the same name only if their folded names overlap. */
export const foldedNames = (person: MergedPerson): string[] =>
  nameFields.flatMap((field) => (person[field] === null ? [] : foldedEmail(person[field])))
