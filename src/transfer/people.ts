import { isDeepStrictEqual } from 'node:util'
import { v7 as newId } from 'uuid'
import {
  type Collision,
  collisionOf,
  foldedNames,
  hasName,
  keepsFromOthers,
  type NameField,
  withoutLost,
  withoutName,
} from '../people/claims.js'
import { foldedEmail, type MergedPerson, knownFrom, merged, realIds, type ImportedPerson } from '../people/merge.js'
import { atPlace, type ShownPerson } from './read.js'

export interface StoredAccount {
  readonly id: string
  readonly known: MergedPerson
  /** Whether the account has colleagues, a credential, or a connection that it created. Then it cannot be deleted. */
  readonly inUse: boolean
}

export type Outcome = 'added' | 'changed' | 'unchanged'

export interface AccountChange {
  readonly id: string
  readonly known: MergedPerson
  readonly outcome: Outcome
  /** Whether any value differs from the stored row, even a date that feeds do not show. */
  readonly written: boolean
  /** Whether a value that feeds show has changed. */
  readonly visible: boolean
  readonly renamed: boolean
  readonly userIdChanged: boolean
}

export interface PeopleChange {
  readonly accounts: readonly AccountChange[]
  /** Accounts to be deleted, each replaced by another account of the same person. */
  readonly duplicates: readonly { readonly from: string; readonly into: string }[]
  /** Replaced user ids, with their successors. */
  readonly aliases: ReadonlyMap<string, string>
  readonly losses: readonly Loss[]
}

/** A sign-in name that moved from one account to another. */
export interface Loss {
  readonly field: NameField
  readonly name: string
  readonly from: string
  readonly to: string
}

/** A person of this batch or a stored one, with all stored accounts of that person. */
interface Entry {
  known: MergedPerson
  readonly rows: readonly StoredAccount[]
  /** Whether the import describes this person, or moved a sign-in name away from this person. */
  isTouched: boolean
  /** The entry that this one was merged into. */
  into?: Entry
}

/**
 * Matches imported people with stored accounts and merges them. Precedence of matches: key, user id, e-mail address. If
 * two people claim the same sign-in name, `collisionOf` decides.
 *
 * @param stored every row with a key, a user id, an address or a login of the imported people
 * @throws Failure `invalid` with the place, for a person with neither key, user id nor e-mail address
 */
export function resolvePeople(people: readonly ShownPerson[], stored: readonly StoredAccount[]): PeopleChange {
  const index = new PeopleIndex()
  for (const row of stored) index.add({ known: row.known, rows: [row], isTouched: false })
  const aliases = new Map<string, string>()
  const losses: { from: Entry; to: Entry; field: NameField; name: string }[] = []
  for (const { place, person } of people) {
    const stated = atPlace(place, () => knownFrom(person))
    const matches = findMatches(person, stated, index)
    for (const each of matches) index.remove(each)
    const isTaken = (field: NameField, name: string) =>
      index.withName(name).some(({ known }) => keepsFromOthers(known, field, name))
    const combined = matches.reduce((result, each) => withoutLost(result, each.known, isTaken), stated)
    const known = atPlace(place, () =>
      matches.reduce((result, each) => merged(each.known, result, person.decides), combined),
    )
    const entry: Entry = { known, rows: matches.flatMap(({ rows }) => rows), isTouched: true }
    for (const each of matches) each.into = entry
    index.add(entry)
    for (const userId of [person.userId ?? '', ...matches.map((each) => each.known.userId)]) {
      if (userId !== known.userId) aliases.set(userId, known.userId)
    }
    aliases.delete(known.userId)
    for (const { loser, other, ...collision } of resolveCollisions(entry, index)) {
      if (collision.isReal) losses.push({ ...collision, from: loser, to: other })
    }
  }
  return { ...changesOf(index.entries(), new Set(stored.map(({ id }) => id)), losses), aliases }
}

/** Resolves each conflict of the entry with another person over a sign-in name. Yields every collision. */
function* resolveCollisions(
  entry: Entry,
  index: PeopleIndex,
): Generator<Omit<Collision, 'loser'> & { loser: Entry; other: Entry }> {
  for (;;) {
    const rivals = foldedNames(entry.known).flatMap((name) => index.withName(name))
    const rival = rivals.find((each) => each !== entry && collisionOf(entry.known, each.known))
    const collision = rival && collisionOf(entry.known, rival.known)
    if (!rival || !collision) return
    const [loser, other] = collision.loser === 'one' ? [entry, rival] : [rival, entry]
    index.remove(loser)
    loser.known = withoutName(loser.known, collision)
    loser.isTouched = true
    index.add(loser)
    yield { ...collision, loser, other }
  }
}

/**
 * The entries that match an imported person, the strongest match first. Omits entries that contradict stronger matches.
 */
function findMatches(person: ImportedPerson, stated: MergedPerson, index: PeopleIndex): Entry[] {
  const { key, userId, email } = person
  const byId = [index.byKey(key), index.withNameIn('userId', userId)]
  // Finds an account with a key derived from this user id, even if the account has another user id by now.
  const byDerivedKey = userId ? [index.byKey(stated.key)] : []
  const byAddress = [
    index.withNameIn('email', email),
    index.withNameIn('userId', stated.userId),
    index.byKey(stated.key),
  ]
  const matches: Entry[] = []
  for (const each of [...byId, ...byDerivedKey, ...byAddress]) {
    if (each === undefined || matches.includes(each)) continue
    const isByKey = matches.length === 0 && (each.known.key === key || each.known.key === stated.key)
    const others = [...(isByKey ? [] : [stated]), ...matches.map(({ known }) => known)]
    const inUse = [each, ...matches].flatMap(({ rows }) => rows.filter((row) => row.inUse))
    if (others.every((known) => canBeSamePerson(known, each.known)) && inUse.length < 2) matches.push(each)
  }
  return matches
}

/** If both people have a key, only the keys decide. Otherwise known user ids must not differ. */
function canBeSamePerson(one: MergedPerson, other: MergedPerson): boolean {
  const [ids, others] = [realIds(one), realIds(other)]
  if (ids.key !== undefined && others.key !== undefined) return ids.key === others.key
  return ids.userId === undefined || others.userId === undefined || ids.userId === others.userId
}

/** The people of a batch, by key and by each sign-in name. */
class PeopleIndex {
  private readonly keys = new Map<string, Entry>()
  private readonly names = new Map<string, Set<Entry>>()

  add(entry: Entry): void {
    this.keys.set(entry.known.key, entry)
    for (const name of foldedNames(entry.known)) this.names.set(name, (this.names.get(name) ?? new Set()).add(entry))
  }

  remove(entry: Entry): void {
    this.keys.delete(entry.known.key)
    for (const name of foldedNames(entry.known)) this.names.get(name)?.delete(entry)
  }

  byKey(key: string | undefined): Entry | undefined {
    return this.keys.get(key ?? '')
  }

  /** The person with this sign-in name in this field. */
  withNameIn(field: NameField, name: string | undefined): Entry | undefined {
    if (!name) return undefined
    return this.withName(name).find(({ known }) => hasName(known, field, name))
  }

  /** The people with this sign-in name in any field, ignoring case. */
  withName(name: string): Entry[] {
    return [...(this.names.get(foldedEmail(name)) ?? [])]
  }

  entries(): Entry[] {
    return [...this.keys.values()]
  }
}

function changesOf(
  entries: readonly Entry[],
  taken: Set<string>,
  lost: readonly { from: Entry; to: Entry; field: NameField; name: string }[],
): Pick<PeopleChange, 'accounts' | 'duplicates' | 'losses'> {
  const accounts: AccountChange[] = []
  const duplicates: { from: string; into: string }[] = []
  const ids = new Map<Entry, string>()
  for (const entry of entries) {
    const { known, rows, isTouched } = entry
    const row = survivorOf(rows)
    const id = row?.id ?? (taken.has(known.key) ? newId() : known.key)
    taken.add(id)
    ids.set(entry, id)
    if (!isTouched) continue
    for (const each of rows) if (each !== row) duplicates.push({ from: each.id, into: id })
    const written = !isDeepStrictEqual(row?.known, known)
    const visible = row !== undefined && !isDeepStrictEqual(visiblePart(row.known), visiblePart(known))
    const renamed = row !== undefined && row.known.name !== known.name
    const userIdChanged = row !== undefined && row.known.userId !== known.userId
    const changed = visible || !isDeepStrictEqual(row?.known.roles, known.roles) || rows.length > 1
    const outcome = !row ? 'added' : changed ? 'changed' : 'unchanged'
    accounts.push({ id, known, outcome, written, visible, renamed, userIdChanged })
  }
  const idOf = (entry: Entry): string => (entry.into ? idOf(entry.into) : (ids.get(entry) as string))
  const losses = lost.map(({ from, to, field, name }) => ({ field, name, from: idOf(from), to: idOf(to) }))
  return { accounts, duplicates, losses }
}

/** The part of a person that feeds show. */
const visiblePart = (known: MergedPerson) => ({ ...known, seen: undefined, roles: undefined })

/** The row that remains: the row in use (there is at most one), otherwise the row with the smallest id. */
const survivorOf = (rows: readonly StoredAccount[]): StoredAccount | undefined =>
  rows.find(({ inUse }) => inUse) ?? rows.toSorted((one, other) => (one.id < other.id ? -1 : 1))[0]
