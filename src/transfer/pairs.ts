import { isDeepStrictEqual } from 'node:util'
import { v5 as uuidOf, v7 as newId } from 'uuid'
import type { ShownConnection, Status } from '../connections/model.js'
import { Failure } from '../errors.js'
import type { Fate } from './people.js'
import { at, type ShownPair } from './read.js'

export interface Person {
  readonly id: string
  readonly userId: string
  readonly name: string
}

/** One of the two people of a pair. */
type Side = 0 | 1
type Both<Value> = readonly [Value, Value]

/** A relationship of two accounts, the one with the lesser id first. */
export interface Pair {
  readonly people: Both<string>
  /** Ids of their rows. */
  readonly rows: Both<string>
  readonly accepted: boolean
  readonly inviter: Side
  readonly changedBy: Side
  readonly message: string
  readonly updated: number
}

export interface StoredPair {
  readonly connectionId: string
  readonly pair: Pair
}

/** What becomes of one pair. */
export interface PairChange extends StoredPair {
  readonly fate: Fate
  /** The lists, as owner and status, in which it stands or stood. */
  readonly lists: readonly { readonly owner: string; readonly status: Status }[]
}

const rowIds = '9b1d6e40-52c7-5d3a-8e94-d7a06f3b1c25'

/** The id of a person's row while only that of the other's is known. */
const rowIdBeside = (other: string) => uuidOf(other, rowIds)

export const sides = [0, 1] as const
const opposite = (side: Side): Side => (side === 0 ? 1 : 0)

/** How one of the two sees the relationship. */
export const statusSeenBy = ({ accepted, inviter }: Pair, side: Side): Status =>
  accepted ? 'accepted' : inviter === side ? 'unconfirmed' : 'pending'

/**
 * Finds out what shown connections make of the pairs they are about.
 *
 * @param person finds an account by its user id
 * @param stored every pair of these people, and every pair of which a row has one of the shown ids
 * @throws Failure `invalid` with the place: an unknown person, a contradiction, an id that is another row's
 */
export function resolvePairs(
  shown: readonly ShownPair[],
  person: (userId: string) => Person | undefined,
  stored: readonly StoredPair[],
): PairChange[] {
  const before = new Map(stored.map((each) => [each.pair.people.join(' '), each]))
  const after = new Map<string, Pair>()
  const rows = new Map<string, string>()
  const claim = (id: string, row: string) => {
    if ((rows.get(id) ?? row) !== row) throw new Failure('invalid', `${id} is the id of another entry.`)
    rows.set(id, row)
  }
  for (const { pair } of stored) for (const side of sides) claim(pair.rows[side], rowName(pair, side))
  for (const { place, connection } of shown) {
    at(place, () => {
      const [source, target] = [known(person, connection.source), known(person, connection.target)]
      const alone = pairFrom(connection, source, target)
      claim(connection.id, `${source.id} ${target.id}`)
      const key = alone.people.join(' ')
      const earlier = after.get(key) ?? before.get(key)?.pair
      const pair = earlier ? mergedPair(earlier, alone) : alone
      for (const side of sides) claim(pair.rows[side], rowName(pair, side))
      after.set(key, pair)
    })
  }
  return [...after].map(([key, pair]) => changeOf(before.get(key), pair))
}

const rowName = ({ people }: Pair, side: Side) => `${people[side]} ${people[opposite(side)]}`

function known(person: (userId: string) => Person | undefined, userId: string): Person {
  const found = person(userId)
  if (!found) throw new Failure('invalid', `Nobody has the user id ${userId}.`)
  return found
}

function pairFrom(connection: ShownConnection, source: Person, target: Person): Pair {
  const { status, inviter, changedBy, targetRowId } = connection
  if (source.id === target.id) throw new Failure('invalid', 'A person cannot be connected with themselves.')
  if (status === 'unconfirmed' ? inviter !== 'source' : status === 'pending' && inviter !== 'target') {
    throw new Failure('invalid', `The status ${status} contradicts who invited.`)
  }
  const mine: Side = source.id < target.id ? 0 : 1
  const sideOf = (who: 'source' | 'target') => (who === 'source' ? mine : opposite(mine))
  const both = <Value>(own: Value, other: Value): Both<Value> => (mine === 0 ? [own, other] : [other, own])
  return {
    people: both(source.id, target.id),
    rows: both(connection.id, targetRowId ?? rowIdBeside(connection.id)),
    accepted: status === 'accepted',
    inviter: sideOf(inviter),
    changedBy: sideOf(changedBy),
    message: connection.message ?? '',
    updated: connection.updated.getTime(),
  }
}

/**
 * What two accounts of one relationship say together: the newer one counts; of two of one date a decided one before
 * an undecided. An empty message may only not have been shown, so it never takes the place of another.
 */
export function mergedPair(one: Pair, other: Pair): Pair {
  const [older, newer] = [one, other].sort(byDate) as [Pair, Pair]
  return {
    ...newer,
    rows: mergedRows(older, newer),
    message:
      older.updated === newer.updated
        ? ([one.message, other.message].sort()[1] as string)
        : newer.message || older.message,
  }
}

const rank = ({ accepted, inviter, changedBy }: Pair) => Number(accepted) * 4 + inviter * 2 + changedBy

const byDate = (one: Pair, other: Pair) => one.updated - other.updated || rank(one) - rank(other)

/** Real ids before those made of the other row's, then newer ones. */
function mergedRows(older: Pair, newer: Pair): Both<string> {
  const made = new Set([...older.rows, ...newer.rows].map(rowIdBeside))
  const [first, second] = sides.map((side) => {
    const real = [older.rows[side], newer.rows[side]].filter((id) => !made.has(id))
    return (older.updated === newer.updated ? real.sort() : real).at(-1)
  })
  return [first ?? rowIdBeside(second as string), second ?? rowIdBeside(first as string)]
}

function changeOf(before: StoredPair | undefined, pair: Pair): PairChange {
  const fate = !before ? 'added' : isDeepStrictEqual(before.pair, pair) ? 'unchanged' : 'changed'
  const seen = [pair, ...(before && fate === 'changed' ? [before.pair] : [])]
  const lists = seen.flatMap((each) =>
    sides.map((side) => ({ owner: each.people[side], status: statusSeenBy(each, side) })),
  )
  return { connectionId: before?.connectionId ?? newId(), pair, fate, lists: fate === 'unchanged' ? [] : lists }
}

/** One row of a relationship, as it is stored. */
export interface StoredRow {
  readonly id: string
  readonly owner: string
  readonly peer: string
  readonly connectionId: string
  readonly status: Status
  readonly inviter: string
  readonly changedBy: string
  readonly message: string
  readonly updated: Date
}

/** Puts the rows of each relationship together. */
export function pairsOf(rows: readonly StoredRow[]): StoredPair[] {
  const firsts = rows.filter(({ owner, peer }) => owner < peer)
  const others = new Map(rows.map((row) => [`${row.peer} ${row.owner}`, row.id]))
  return firsts.map((row) => ({
    connectionId: row.connectionId,
    pair: {
      people: [row.owner, row.peer],
      rows: [row.id, others.get(`${row.owner} ${row.peer}`) ?? rowIdBeside(row.id)],
      accepted: row.status === 'accepted',
      inviter: row.inviter === row.owner ? 0 : 1,
      changedBy: row.changedBy === row.owner ? 0 : 1,
      message: row.message,
      updated: row.updated.getTime(),
    },
  }))
}
