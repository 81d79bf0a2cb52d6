import { isDeepStrictEqual } from 'node:util'
import { v7 as newId } from 'uuid'
import { foldedEmail, type Known, knownFrom, merged } from '../accounts/merge.js'
import { Failure } from '../errors.js'
import { at, type ShownPerson } from './item.js'

/** A row of the directory. */
export interface StoredAccount {
  readonly id: string
  readonly known: Known
  /** Whether something hangs on the row, such as colleagues or a password, so that it must stay. */
  readonly inUse: boolean
}

export type Fate = 'added' | 'changed' | 'unchanged'

/** What becomes of one account. */
export interface AccountChange {
  readonly id: string
  readonly known: Known
  readonly fate: Fate
  /** Whether anything differs from the row, be it a date of which nobody hears. */
  readonly written: boolean
  /** Whether feeds look different now. */
  readonly visible: boolean
  readonly renamed: boolean
}

export interface PeopleChange {
  readonly accounts: readonly AccountChange[]
  /** Rows that turned out to be the same person as another row. */
  readonly absorbed: readonly { readonly from: string; readonly into: string }[]
  /** User ids that were made up, and those that have taken their place, which may have been made up too. */
  readonly aliases: ReadonlyMap<string, string>
}

/** One person as far as this batch knows, with the rows that were found to be this person's. */
interface Entry {
  readonly known: Known
  readonly rows: readonly StoredAccount[]
  /** Place of the latest statement; undefined where none concerns this person. */
  readonly place: string | undefined
}

/**
 * Finds out whom the statements are about and what they make of these accounts.
 *
 * @param stored every row that has a key, user id or address of the statements, or one of their names by sign-in
 * @throws Failure `invalid` with the place, when one person would have two user ids or keys, or two persons one name
 */
export function resolvePeople(people: readonly ShownPerson[], stored: readonly StoredAccount[]): PeopleChange {
  const found = new Map<string, Entry>()
  for (const row of stored) {
    const entry = { known: row.known, rows: [row], place: undefined }
    for (const handle of handlesOf(row.known)) found.set(handle, entry)
  }
  const aliases = new Map<string, string>()
  for (const { place, person } of people) {
    const entry = at(place, () => {
      const alone = knownFrom(person)
      const same = new Set(handlesOf(alone).flatMap((handle) => found.get(handle) ?? []))
      const known = [...same].reduce((sofar, each) => merged(each.known, sofar, person.decides), alone)
      for (const each of same) for (const handle of handlesOf(each.known)) found.delete(handle)
      for (const userId of [person.userId ?? '', ...[...same].map((each) => each.known.userId)]) {
        if (userId !== known.userId) aliases.set(userId, known.userId)
      }
      return { known, rows: [...same].flatMap(({ rows }) => rows), place }
    })
    for (const handle of handlesOf(entry.known)) found.set(handle, entry)
    aliases.delete(entry.known.userId)
  }
  const entries = [...new Set(found.values())]
  refuseSharedNames(entries)
  return { ...changes(entries, new Set(stored.map(({ id }) => id))), aliases }
}

const handlesOf = ({ key, userId, email }: Known) => [
  `key ${key}`,
  `user ${userId}`,
  ...(email === null ? [] : [`email ${foldedEmail(email)}`]),
]

/** People sign in by user id, login or address: none of these may lead to two of them. */
function refuseSharedNames(entries: readonly Entry[]): void {
  const owners = new Map<string, Entry[]>()
  for (const entry of entries) {
    const { userId, login, email } = entry.known
    for (const name of new Set([userId, login, email].flatMap((each) => (each === null ? [] : foldedEmail(each))))) {
      const others = owners.get(name) ?? []
      owners.set(name, [...others, entry])
      const owner = others.find((each) => sharesName(each.known, entry.known))
      const place = entry.place ?? owner?.place
      if (owner && place !== undefined) {
        throw new Failure('invalid', `${place}: ${name} is the name of another account.`)
      }
    }
  }
}

/** Addresses in any case, the others as they are written. */
function sharesName(one: Known, other: Known): boolean {
  const exact = (known: Known) => [known.userId, known.login].filter((each) => each !== null)
  const addressOf = (known: Known) => (known.email === null ? [] : [foldedEmail(known.email)])
  const anyCase = (known: Known) => exact(known).map(foldedEmail)
  return (
    exact(one).some((each) => exact(other).includes(each)) ||
    addressOf(one).some((each) => anyCase(other).includes(each)) ||
    addressOf(other).some((each) => anyCase(one).includes(each))
  )
}

function changes(entries: readonly Entry[], taken: Set<string>): Pick<PeopleChange, 'accounts' | 'absorbed'> {
  const accounts: AccountChange[] = []
  const absorbed: { from: string; into: string }[] = []
  for (const { known, rows, place } of entries) {
    if (place === undefined) continue
    const row = staying(rows, place)
    const id = row?.id ?? (taken.has(known.key) ? newId() : known.key)
    taken.add(id)
    for (const each of rows) if (each !== row) absorbed.push({ from: each.id, into: id })
    const written = !isDeepStrictEqual(row?.known, known)
    const visible = row !== undefined && !isDeepStrictEqual(looks(row.known), looks(known))
    const renamed = row !== undefined && row.known.name !== known.name
    const changed = visible || !isDeepStrictEqual(row?.known.roles, known.roles) || rows.length > 1
    accounts.push({ id, known, fate: !row ? 'added' : changed ? 'changed' : 'unchanged', written, visible, renamed })
  }
  return { accounts, absorbed }
}

/** What feeds show of a person. */
const looks = (known: Known) => ({ ...known, seen: undefined, roles: undefined })

function staying(rows: readonly StoredAccount[], place: string): StoredAccount | undefined {
  const needed = rows.filter(({ inUse }) => inUse)
  if (needed.length > 1) {
    throw new Failure('invalid', `${place}: this is one person, who has two accounts here, both in use.`)
  }
  return needed[0] ?? rows.toSorted((one, other) => (one.id < other.id ? -1 : 1))[0]
}
