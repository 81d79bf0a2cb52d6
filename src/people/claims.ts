import { foldedEmail, isLoss, type MergedPerson, lossPrefix, realIds, spareUserId, substituteName } from './merge.js'

/** Sign-in names. If two people claim one name in different fields, the field that comes first here wins. */
const nameFields = ['userId', 'email', 'login'] as const

export type NameField = (typeof nameFields)[number]

/** A name as far as it tells people apart: an address in any case, the others as they are written. */
const exact = (field: NameField, name: string) => (field === 'email' ? foldedEmail(name) : name)

/** Under which `seen` has the moment since when a name that a person had is somebody else's. */
const lossOf = (field: NameField, name: string) => `${lossPrefix}${field} ${exact(field, name)}`

/** When a person was last said to have the name in a field; a user id that nobody told is older than all. */
function claimed(known: MergedPerson, field: NameField): number {
  if (field === 'userId' && realIds(known).userId === undefined) return -Infinity
  return known.seen[field] ?? known.updated.getTime()
}

/** Whether a person has a name in a field. */
export function hasName(known: MergedPerson, field: NameField, wanted: string): boolean {
  const name = known[field]
  return name !== null && exact(field, name) === exact(field, wanted)
}

/** Whether a person has a name in this field or in one before which it gives way. */
export const keepsFromOthers = (known: MergedPerson, field: NameField, wanted: string): boolean =>
  nameFields.slice(0, rank(field) + 1).some((each) => {
    const name = known[each]
    return name !== null && isSame(name, each, wanted, field)
  })

/** The names by which people are found, folded: two whose names differ here share none. */
export const foldedNames = (known: MergedPerson): string[] =>
  nameFields.flatMap((field) => (known[field] === null ? [] : foldedEmail(known[field])))

/** A name that two people cannot both have, and which of them is to lose it. */
export interface Collision {
  readonly loser: 'one' | 'other'
  readonly field: NameField
  readonly name: string
  /** The moment since when it is the other's. */
  readonly since: number
  /** Whether anybody had told of it. */
  readonly isReal: boolean
}

/**
 * The first name that would lead to two people, if any. Of two who have it in the same field, the one of whom it was said
 * later keeps it; said at once, the one who comes now.
 *
 * @param one who comes now
 */
export function collisionOf(one: MergedPerson, other: MergedPerson): Collision | undefined {
  for (const mine of nameFields) {
    for (const theirs of nameFields) {
      const [name, otherName] = [one[mine], other[theirs]]
      if (name === null || otherName === null || !isSame(name, mine, otherName, theirs)) continue
      const [here, there] = [claimed(one, mine), claimed(other, theirs)]
      const isMine = mine === theirs ? here >= there && here > -Infinity : rank(mine) < rank(theirs)
      const lost = isMine ? { field: theirs, name: otherName, at: there } : { field: mine, name, at: here }
      return {
        loser: isMine ? 'other' : 'one',
        field: lost.field,
        name: lost.name,
        // What gave way to another field is not there again with the same word, even if nobody has it by then.
        since: Math.max(here, there) + (mine === theirs ? 0 : 1),
        isReal: lost.at > -Infinity,
      }
    }
  }
  return undefined
}

const rank = (field: NameField) => nameFields.indexOf(field)

const isSame = (name: string, field: NameField, other: string, otherField: NameField) =>
  field === 'email' || otherField === 'email' ? foldedEmail(name) === foldedEmail(other) : name === other

/** What is left of a person who loses a name: everything else. In place of a user id stands the key. */
export function withoutName(
  known: MergedPerson,
  { field, name, since, isReal }: Omit<Collision, 'loser'>,
): MergedPerson {
  const at = claimed(known, field)
  const left = field === 'userId' ? { ...known, userId: spareUserId(known) } : { ...known, [field]: null }
  // What was not imported has a date of its own, which counts as told.
  const updated = known.updated.getTime()
  const seen: Record<string, number> = Object.keys(known.seen).length === 0 ? { updated } : { ...known.seen }
  if (field === 'userId') seen['key'] ??= updated
  if (isReal) Object.assign(seen, { [field]: at, [lossOf(field, name)]: since })
  return called({ ...left, seen }, known)
}

/**
 * What is left of a statement once it is known whom it is about: a name that went from that person to another is theirs
 * again only by later word, or by word of the same moment where the name is free.
 */
export function withoutLost(
  statement: MergedPerson,
  person: MergedPerson,
  isTaken: (field: NameField, name: string) => boolean,
): MergedPerson {
  const stale = nameFields.filter((field) => {
    const name = statement[field]
    const lost = name === null ? undefined : person.seen[lossOf(field, name)]
    if (name === null || lost === undefined) return false
    const at = claimed(statement, field)
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
  return called(left, statement)
}

/** Whoever was called by a name that is gone is called by another. */
function called(left: MergedPerson, before: MergedPerson): MergedPerson {
  const isCalled = before.seen['name'] !== undefined || before.name !== substituteName(before)
  return isCalled ? left : { ...left, name: substituteName(left) }
}

/** A person who has no user id any more is disabled, whatever was said of that until then. */
export function disabled(known: MergedPerson): MergedPerson {
  const losses = Object.entries(known.seen).flatMap(([key, at]) => (isLoss(key) ? at : []))
  const at = Math.max(known.seen['state'] ?? 0, ...losses) + 1
  return { ...known, state: 'inactive', seen: { ...known.seen, state: at } }
}
