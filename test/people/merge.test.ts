import fc from 'fast-check'
import { type MergedPerson, knownFrom, merged, type ImportedPerson } from '../../src/people/merge.js'

const key = '368771b6-89d1-438b-9d38-21bcec5a64af'
const day = (number: number) => new Date(Date.UTC(2026, 0, number))
const say = (statement: Partial<ImportedPerson>): MergedPerson =>
  knownFrom({ userId: 'ann', seen: day(1), ...statement })
const together = (...parts: MergedPerson[]) => parts.reduce((one, other) => merged(one, other))

const madeUp = knownFrom({ email: 'ann@example.com', seen: day(1) })

const text = fc.constantFrom('', 'a', 'B', ' b', '\uE000', '😀')
const statement: fc.Arbitrary<ImportedPerson> = fc
  .record({
    who: fc.constantFrom<Partial<ImportedPerson>>(
      { userId: 'ann' },
      { key },
      { email: 'ann@example.com' },
      { email: 'Ann@Example.COM' },
      { email: 'ann@example.com', userId: madeUp.userId, key: madeUp.key },
      { email: '', userId: 'ann' },
      { email: 'ann@example.com', userId: 'ann', key },
    ),
    seen: fc.integer({ min: 1, max: 4 }).map(day),
    more: fc.record<Partial<ImportedPerson>>(
      {
        updated: fc.integer({ min: 1, max: 4 }).map(day),
        name: text,
        login: text,
        state: fc.constantFrom('active', 'inactive'),
        external: fc.constantFrom(true, false, null),
        roles: fc.constantFrom([], ['admin'], ['admin', 'editor']),
        profile: fc.record<NonNullable<ImportedPerson['profile']>>(
          {
            title: text,
            tags: fc.array(text, { maxLength: 2 }),
            isManager: fc.constantFrom(true, false, null),
            extensions: fc.array(fc.record({ id: text, key: text, value: text, dataType: text }), { maxLength: 2 }),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ who, seen, more }) => ({ ...more, ...who, seen }))

/** Merges parts pairwise, in the grouping given by the numbers. */
function grouped(parts: MergedPerson[], choices: number[]): MergedPerson {
  const [first, second] = parts
  if (!first || !second) return first as MergedPerson
  const at = 1 + ((choices[0] ?? 0) % (parts.length - 1))
  return merged(grouped(parts.slice(0, at), choices.slice(1)), grouped(parts.slice(at), choices.slice(2)))
}

test('the order and grouping of statements do not change the account', () => {
  const cases = fc
    .array(statement, { minLength: 2, maxLength: 6 })
    .chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.nat(), { maxLength: 12 }),
      ),
    )
  fc.assert(
    fc.property(cases, ([inOrder, shuffled, choices]) => {
      const account = together(...inOrder.map(knownFrom))
      expect(grouped(shuffled.map(knownFrom), choices)).toEqual(account)
      expect(together(account, ...shuffled.map(knownFrom))).toEqual(account)
    }),
    { numRuns: 300 },
  )
})

describe('a field', () => {
  test('has the latest value', () => {
    const [older, newer] = [say({ name: 'Zoe' }), say({ name: 'Ann', seen: day(2) })]
    expect(merged(newer, older).name).toBe('Ann')
  })

  test('has the greater of simultaneous values, in code point order', () => {
    expect(merged(say({ name: '\u{1F600}' }), say({ name: '\uE000' })).name).toBe('\u{1F600}')
    expect(merged(say({ login: ' x' }), say({ login: '' })).login).toBe(' x')
    expect(merged(say({ roles: [] }), say({ roles: ['admin'] })).roles).toEqual(['admin'])
  })

  test('is removed by a later empty value, and kept if it was not shown', () => {
    const full = say({ profile: { title: 'Chemist', city: 'Oslo' }, external: true })
    const empty = say({ profile: { title: '' }, external: null, seen: day(2) })
    expect(merged(full, empty)).toMatchObject({ profile: { city: 'Oslo' }, external: null })
    expect(merged(full, empty).profile).not.toHaveProperty('title')
    expect(merged(empty, say({ profile: { title: 'Chemist' } })).profile).toEqual({})
  })

  test('has the value of a deciding statement, unless that is older', () => {
    expect(merged(say({ name: 'Zoe' }), say({ name: 'Ann' }), true).name).toBe('Ann')
    expect(merged(say({ name: 'Zoe', seen: day(2) }), say({ name: 'Ann' }), true).name).toBe('Zoe')
  })

  test('of an account that was not imported is as old as the account', () => {
    const own: MergedPerson = { ...say({ name: 'Ann' }), roles: ['admin'], seen: {}, updated: day(3) }
    expect(merged(own, say({ name: 'Old', seen: day(2) }))).toMatchObject({ name: 'Ann', roles: ['admin'] })
    expect(merged(own, say({ name: 'New', seen: day(4), updated: day(2) }))).toMatchObject({
      name: 'New',
      roles: ['admin'],
      updated: day(3),
    })
  })
})

describe('the date of an account', () => {
  test('is the latest stated date', () => {
    const told = together(say({ updated: day(3) }), say({ seen: day(9) }), say({ updated: day(2), seen: day(8) }))
    expect(told.updated).toEqual(day(3))
  })

  test('is that of the latest statement if none is stated', () => {
    expect(together(say({ seen: day(9) }), say({})).updated).toEqual(day(9))
  })
})

describe('an id that was not stated', () => {
  test('is derived from the address in any case, and gives way to the real one', () => {
    const other = knownFrom({ email: 'ANN@example.com', seen: day(2) })
    expect(other).toMatchObject({ userId: madeUp.userId, key: madeUp.key, name: 'ANN@example.com' })
    expect(madeUp.userId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/)
    const real = knownFrom({ email: 'ann@example.com', userId: 'ann', seen: day(1) })
    expect(real.key).not.toBe(madeUp.key)
    expect(merged(madeUp, real)).toMatchObject({ userId: 'ann', key: real.key })
    expect(merged(merged(madeUp, real), say({ key }))).toMatchObject({ userId: 'ann', key })
  })

  test('is recognized in a document', () => {
    const shown = knownFrom({ email: 'ann@example.com', userId: madeUp.userId, key: madeUp.key, seen: day(5) })
    expect(merged(shown, say({ email: 'ann@example.com' })).userId).toBe('ann')
    const hidden = knownFrom({ email: '', userId: madeUp.userId, key: madeUp.key, seen: day(5) })
    expect(merged(madeUp, hidden)).toMatchObject({ userId: madeUp.userId, email: 'ann@example.com' })
  })

  test('is derived from the key if there is nothing else', () => {
    const byKey = knownFrom({ key, seen: day(1) })
    expect(byKey.userId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/)
    expect(merged(byKey, say({ key })).userId).toBe('ann')
  })
})

test('one person has neither two user ids nor two keys', () => {
  expect(() => merged(say({}), say({ userId: 'bo' }))).toThrow(/two user ids, ann and bo/)
  expect(() => merged(say({ key }), say({ key: key.replace('3', '4') }))).toThrow(/two profile keys/)
})

test('a statement must identify a person', () => {
  expect(() => knownFrom({ name: 'Ann', seen: day(1) })).toThrow(/a key, a user id or an e-mail address is required/i)
})
