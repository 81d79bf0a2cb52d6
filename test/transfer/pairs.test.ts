import fc from 'fast-check'
import type { ShownConnection } from '../../src/connections/model.js'
import { mergedPair, type Pair, resolvePairs, statusSeenBy } from '../../src/transfer/pairs.js'
import { entryId } from './files.js'

const people = ['a', 'b'].map((userId) => ({ id: `${userId} account`, userId, name: userId }))

const pairOf = (connection: ShownConnection): Pair => {
  const [change] = resolvePairs([{ place: '', connection }], (id) => people.find(({ userId }) => userId === id), [])
  if (!change) throw new Error('no pair')
  return change.pair
}

/**
 * Consistent observations: each side keeps its id, and a message never changes. Only these determine the latest state.
 */
const shown: fc.Arbitrary<ShownConnection> = fc
  .record({
    source: fc.constantFrom('a', 'b'),
    inviter: fc.constantFrom('a', 'b'),
    changedBy: fc.constantFrom('a', 'b'),
    accepted: fc.boolean(),
    message: fc.constantFrom(undefined, '', 'Hello'),
    bothIds: fc.boolean(),
    day: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ source, inviter, changedBy, accepted, message, bothIds, day }) => {
    const side = (person: string) => (person === source ? 'source' : 'target')
    const [own, others] = source === 'a' ? [1, 2] : [2, 1]
    return {
      id: entryId(own),
      ...(bothIds && { targetRowId: entryId(others) }),
      source,
      target: source === 'a' ? 'b' : 'a',
      status: accepted ? 'accepted' : inviter === source ? 'unconfirmed' : 'pending',
      inviter: side(inviter),
      changedBy: side(changedBy),
      ...(message !== undefined && { message }),
      updated: new Date(Date.UTC(2026, 0, day)),
    }
  })

test('merging a pair does not depend on order', () => {
  const cases = fc
    .array(shown, { minLength: 2, maxLength: 5 })
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
  fc.assert(
    fc.property(cases, ([inOrder, shuffled]) => {
      const merged = (all: readonly ShownConnection[]) => all.map(pairOf).reduce((one, other) => mergedPair(one, other))
      expect(merged(shuffled)).toEqual(merged(inOrder))
      const latest = Math.max(...inOrder.map(({ updated }) => updated.getTime()))
      expect(merged(inOrder).updated).toBe(latest)
    }),
  )
})

const base: ShownConnection = {
  id: entryId(1),
  source: 'a',
  target: 'b',
  status: 'unconfirmed',
  inviter: 'source',
  changedBy: 'source',
  updated: new Date('2026-01-02T00:00:00Z'),
}
const on = (day: number, more: Partial<ShownConnection>): Pair =>
  pairOf({ ...base, updated: new Date(Date.UTC(2026, 0, day)), ...more })

test('a real id replaces another unless older', () => {
  expect(mergedPair(on(2, {}), on(1, { id: entryId(9) })).rows[0]).toBe(entryId(1))
  expect(mergedPair(on(2, {}), on(3, { id: entryId(9) })).rows[0]).toBe(entryId(9))
  expect(mergedPair(on(2, { id: entryId(9) }), on(2, {})).rows[0]).toBe(entryId(9))
})

test('a newer message replaces another, an empty one does not', () => {
  const hello = on(2, { message: 'Hello' })
  expect(mergedPair(hello, on(3, { message: 'Bye' })).message).toBe('Bye')
  expect(mergedPair(hello, on(1, { message: 'Bye' })).message).toBe('Hello')
  expect(mergedPair(hello, on(3, {})).message).toBe('Hello')
  expect(mergedPair(on(3, {}), hello).message).toBe('Hello')
})

test('for equal dates the accepted version wins', () => {
  const accepted = on(2, { status: 'accepted', changedBy: 'target' })
  for (const pair of [mergedPair(accepted, on(2, {})), mergedPair(on(2, {}), accepted)]) {
    expect(pair).toMatchObject({ accepted: true, changedBy: 1 })
  }
})

test('each person has a status', () => {
  const seen = (pair: Pair) => [statusSeenBy(pair, 0), statusSeenBy(pair, 1)]
  expect(seen(on(1, {}))).toEqual(['unconfirmed', 'pending'])
  expect(seen(on(1, { status: 'pending', inviter: 'target' }))).toEqual(['pending', 'unconfirmed'])
  expect(seen(on(1, { status: 'accepted' }))).toEqual(['accepted', 'accepted'])
})
