import { isDeepStrictEqual } from 'node:util'
import { v5 as uuidOf, v7 as newId } from 'uuid'
import type { ShownConnection, Status } from '../connections/model.js'
import { Failure } from '../errors.js'
import type { Outcome } from './people.js'
import { atPlace, type ShownPair } from './read.js'

export interface PairMember {
  readonly id: string
  readonly userId: string
  readonly name: string
}

/** Index of one of the two people in a pair. */
type Side = 0 | 1
type Both<Value> = readonly [Value, Value]

/** Two related accounts, the smaller id first. */
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

export interface PairChange extends StoredPair {
  readonly outcome: Outcome
  /** The lists that contain the pair, or contained it before; none if it is unchanged. */
  readonly lists: readonly { readonly owner: string; readonly status: Status }[]
}

const derivedRowIds = '9b1d6e40-52c7-5d3a-8e94-d7a06f3b1c25'

/** Derives the id of a row from the id of the pair's other row. Used until the real id is known. */
const derivedRowId = (other: string) => uuidOf(other, derivedRowIds)

export const sides = [0, 1] as const
const opposite = (side: Side): Side => (side === 0 ? 1 : 0)

/** The status of a pair in one person's list. */
export const statusSeenBy = ({ accepted, inviter }: Pair, side: Side): Status =>
  accepted ? 'accepted' : inviter === side ? 'unconfirmed' : 'pending'

/**
 * Merges imported connections with stored pairs.
 *
 * @param person finds an account by its user id
 * @param stored every pair of these people, and every pair with one of the imported row ids
 * @throws Failure `invalid` with the place, for an unknown person, contradictory values, or a row id that is already in
 *   use
 */
export function resolvePairs(
  shown: readonly ShownPair[],
  person: (userId: string) => PairMember | undefined,
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
    atPlace(place, () => {
      const [source, target] = [memberOf(person, connection.source), memberOf(person, connection.target)]
      const imported = pairFrom(connection, source, target)
      claim(connection.id, `${source.id} ${target.id}`)
      const key = imported.people.join(' ')
      const earlier = after.get(key) ?? before.get(key)?.pair
      const pair = earlier ? mergedPair(earlier, imported) : imported
      for (const side of sides) claim(pair.rows[side], rowName(pair, side))
      after.set(key, pair)
    })
  }
  return [...after].map(([key, pair]) => changeOf(before.get(key), pair))
}

const rowName = ({ people }: Pair, side: Side) => `${people[side]} ${people[opposite(side)]}`

function memberOf(person: (userId: string) => PairMember | undefined, userId: string): PairMember {
  const found = person(userId)
  if (!found) throw new Failure('invalid', `There is no account with the user id ${userId}.`)
  return found
}

function pairFrom(connection: ShownConnection, source: PairMember, target: PairMember): Pair {
  const { status, inviter, changedBy, targetRowId } = connection
  if (source.id === target.id) throw new Failure('invalid', 'A person cannot be connected with themselves.')
  if (status === 'unconfirmed' ? inviter !== 'source' : status === 'pending' && inviter !== 'target') {
    throw new Failure('invalid', `The status ${status} contradicts the inviter.`)
  }
  const mine: Side = source.id < target.id ? 0 : 1
  const sideOf = (who: 'source' | 'target') => (who === 'source' ? mine : opposite(mine))
  const both = <Value>(own: Value, other: Value): Both<Value> => (mine === 0 ? [own, other] : [other, own])
  return {
    people: both(source.id, target.id),
    rows: both(connection.id, targetRowId ?? derivedRowId(connection.id)),
    accepted: status === 'accepted',
    inviter: sideOf(inviter),
    changedBy: sideOf(changedBy),
    message: connection.message ?? '',
    updated: connection.updated.getTime(),
  }
}

/**
 * Merges two versions of a pair. The newer one wins; with equal dates, the accepted one. An empty message never
 * replaces another message, since a document may omit it.
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

/** Precedence: real ids before derived ones, then newer before older. */
function mergedRows(older: Pair, newer: Pair): Both<string> {
  const derived = new Set([...older.rows, ...newer.rows].map(derivedRowId))
  const [first, second] = sides.map((side) => {
    const real = [older.rows[side], newer.rows[side]].filter((id) => !derived.has(id))
    return (older.updated === newer.updated ? real.sort() : real).at(-1)
  })
  return [first ?? derivedRowId(second as string), second ?? derivedRowId(first as string)]
}

function changeOf(before: StoredPair | undefined, pair: Pair): PairChange {
  const outcome = !before ? 'added' : isDeepStrictEqual(before.pair, pair) ? 'unchanged' : 'changed'
  const versions = [pair, ...(before && outcome === 'changed' ? [before.pair] : [])]
  const lists = versions.flatMap((each) =>
    sides.map((side) => ({ owner: each.people[side], status: statusSeenBy(each, side) })),
  )
  return { connectionId: before?.connectionId ?? newId(), pair, outcome, lists: outcome === 'unchanged' ? [] : lists }
}

/** A stored row of one person. */
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

/** Makes a pair of every two rows that belong together. */
export function pairsOf(rows: readonly StoredRow[]): StoredPair[] {
  const firsts = rows.filter(({ owner, peer }) => owner < peer)
  const others = new Map(rows.map((row) => [`${row.peer} ${row.owner}`, row.id]))
  return firsts.map((row) => ({
    connectionId: row.connectionId,
    pair: {
      people: [row.owner, row.peer],
      rows: [row.id, others.get(`${row.owner} ${row.peer}`) ?? derivedRowId(row.id)],
      accepted: row.status === 'accepted',
      inviter: row.inviter === row.owner ? 0 : 1,
      changedBy: row.changedBy === row.owner ? 0 : 1,
      message: row.message,
      updated: row.updated.getTime(),
    },
  }))
}
