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
import { at, type ShownPerson } from './read.js'

/** A row of the directory. */
export interface StoredAccount {
  readonly id: string
  readonly known: MergedPerson
  /** Whether something hangs on the row, such as colleagues or a password, so that it must stay. */
  readonly inUse: boolean
}

export type Fate = 'added' | 'changed' | 'unchanged'

/** What becomes of one account. */
export interface AccountChange {
  readonly id: string
  readonly known: MergedPerson
  readonly fate: Fate
  /** Whether anything differs from the row, be it a date of which nobody hears. */
  readonly written: boolean
  /** Whether feeds look different now. */
  readonly visible: boolean
  readonly renamed: boolean
  /** Whether the user id is another. */
  readonly moved: boolean
}

export interface PeopleChange {
  readonly accounts: readonly AccountChange[]
  /** Rows that turned out to be the same person as another row. */
  readonly absorbed: readonly { readonly from: string; readonly into: string }[]
  /** User ids that people do not have any more, and those that have taken their place. */
  readonly aliases: ReadonlyMap<string, string>
  readonly losses: readonly Loss[]
}

/** A name that went from one account to another. */
export interface Loss {
  readonly field: NameField
  readonly name: string
  readonly from: string
  readonly to: string
}

/** One person as far as this batch knows, with the rows that were found to be this person's. */
interface Entry {
  known: MergedPerson
  readonly rows: readonly StoredAccount[]
  /** Whether a statement concerns this person, or took a name away. */
  isTouched: boolean
  /** What it turned out to be the same person as. */
  into?: Entry
}

/**
 * Finds out whom the statements are about and what they make of these accounts. A key decides first, then a user id, then
 * an address. A name that two people claim is that of the later one.
 *
 * @param stored every row that has a key, user id or address of the statements, or one of their names by sign-in
 * @throws Failure `invalid` with the place, when a statement does not say whom it is about
 */
export function resolvePeople(people: readonly ShownPerson[], stored: readonly StoredAccount[]): PeopleChange {
  const found = new Found()
  for (const row of stored) found.add({ known: row.known, rows: [row], isTouched: false })
  const aliases = new Map<string, string>()
  const losses: { from: Entry; to: Entry; field: NameField; name: string }[] = []
  for (const { place, person } of people) {
    const alone = at(place, () => knownFrom(person))
    const same = sameAs(person, alone, found)
    for (const each of same) found.remove(each)
    const isTaken = (field: NameField, name: string) =>
      found.of(name).some(({ known }) => keepsFromOthers(known, field, name))
    const said = same.reduce((sofar, each) => withoutLost(sofar, each.known, isTaken), alone)
    const known = at(place, () => same.reduce((sofar, each) => merged(each.known, sofar, person.decides), said))
    const entry: Entry = { known, rows: same.flatMap(({ rows }) => rows), isTouched: true }
    for (const each of same) each.into = entry
    found.add(entry)
    for (const userId of [person.userId ?? '', ...same.map((each) => each.known.userId)]) {
      if (userId !== known.userId) aliases.set(userId, known.userId)
    }
    aliases.delete(known.userId)
    for (const { loser, other, ...collision } of settled(entry, found)) {
      if (collision.isReal) losses.push({ ...collision, from: loser, to: other })
    }
  }
  return { ...changes(found.entries(), new Set(stored.map(({ id }) => id)), losses), aliases }
}

/** Lets each name that the entry shares with others go to one of the two; gives back who lost what to whom. */
function* settled(entry: Entry, found: Found): Generator<Omit<Collision, 'loser'> & { loser: Entry; other: Entry }> {
  for (;;) {
    const rivals = foldedNames(entry.known).flatMap((name) => found.of(name))
    const rival = rivals.find((each) => each !== entry && collisionOf(entry.known, each.known))
    const collision = rival && collisionOf(entry.known, rival.known)
    if (!rival || !collision) return
    const [loser, other] = collision.loser === 'one' ? [entry, rival] : [rival, entry]
    found.remove(loser)
    loser.known = withoutName(loser.known, collision)
    loser.isTouched = true
    found.add(loser)
    yield { ...collision, loser, other }
  }
}

/** The entries that are the person of a statement, the strongest reason first; none that something speaks against. */
function sameAs(person: ImportedPerson, alone: MergedPerson, found: Found): Entry[] {
  const { key, userId, email } = person
  const told = [found.byKey(key), found.by('userId', userId)]
  // From a told user id follows a key, under which this person may be known although the user id is another now.
  const derived = userId ? [found.byKey(alone.key)] : []
  const address = [found.by('email', email), found.by('userId', alone.userId), found.byKey(alone.key)]
  const same: Entry[] = []
  for (const each of [...told, ...derived, ...address]) {
    if (each === undefined || same.includes(each)) continue
    const isByKey = same.length === 0 && (each.known.key === key || each.known.key === alone.key)
    const speakAgainst = [...(isByKey ? [] : [alone]), ...same.map(({ known }) => known)]
    const inUse = [each, ...same].flatMap(({ rows }) => rows.filter((row) => row.inUse))
    if (speakAgainst.every((known) => canBeOne(known, each.known)) && inUse.length < 2) same.push(each)
  }
  return same
}

/** Two with the same key are one person; else two with different keys, or different user ids, are not. */
function canBeOne(one: MergedPerson, other: MergedPerson): boolean {
  const [ids, others] = [realIds(one), realIds(other)]
  if (ids.key !== undefined && others.key !== undefined) return ids.key === others.key
  return ids.userId === undefined || others.userId === undefined || ids.userId === others.userId
}

/** The people that a batch knows of, by key and by each name. */
class Found {
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

  /** Who has a name in a field. */
  by(field: NameField, name: string | undefined): Entry | undefined {
    if (!name) return undefined
    return this.of(name).find(({ known }) => hasName(known, field, name))
  }

  /** Who has a name in any field, in whatever case. */
  of(name: string): Entry[] {
    return [...(this.names.get(foldedEmail(name)) ?? [])]
  }

  entries(): Entry[] {
    return [...this.keys.values()]
  }
}

function changes(
  entries: readonly Entry[],
  taken: Set<string>,
  lost: readonly { from: Entry; to: Entry; field: NameField; name: string }[],
): Pick<PeopleChange, 'accounts' | 'absorbed' | 'losses'> {
  const accounts: AccountChange[] = []
  const absorbed: { from: string; into: string }[] = []
  const ids = new Map<Entry, string>()
  for (const entry of entries) {
    const { known, rows, isTouched } = entry
    const row = staying(rows)
    const id = row?.id ?? (taken.has(known.key) ? newId() : known.key)
    taken.add(id)
    ids.set(entry, id)
    if (!isTouched) continue
    for (const each of rows) if (each !== row) absorbed.push({ from: each.id, into: id })
    const written = !isDeepStrictEqual(row?.known, known)
    const visible = row !== undefined && !isDeepStrictEqual(looks(row.known), looks(known))
    const renamed = row !== undefined && row.known.name !== known.name
    const moved = row !== undefined && row.known.userId !== known.userId
    const changed = visible || !isDeepStrictEqual(row?.known.roles, known.roles) || rows.length > 1
    const fate = !row ? 'added' : changed ? 'changed' : 'unchanged'
    accounts.push({ id, known, fate, written, visible, renamed, moved })
  }
  const idOf = (entry: Entry): string => (entry.into ? idOf(entry.into) : (ids.get(entry) as string))
  const losses = lost.map(({ from, to, field, name }) => ({ field, name, from: idOf(from), to: idOf(to) }))
  return { accounts, absorbed, losses }
}

/** What feeds show of a person. */
const looks = (known: MergedPerson) => ({ ...known, seen: undefined, roles: undefined })

/** Of the rows of one person, the one that is in use, of which there is no more than one. */
const staying = (rows: readonly StoredAccount[]): StoredAccount | undefined =>
  rows.find(({ inUse }) => inUse) ?? rows.toSorted((one, other) => (one.id < other.id ? -1 : 1))[0]
