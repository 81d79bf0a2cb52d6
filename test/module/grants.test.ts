import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { accessTo, granted, noAccess } from '../../src/connections/grants/access.js'
import { levelOf, levels } from '../../src/connections/grants/levels.js'
import type { ObjectDefinition, ObjectType, ShareEntry } from '../../src/connections/grants/object-type.js'
import { ObjectTypes } from '../../src/connections/grants/object-types.js'
import type { Principal } from '../../src/connections/grants/principal.js'

/** What of a wish is granted (connections-module reference, section 4). */

const context = { _id: 'context' }
const somebody: Principal = {
  account: null,
  verified: true,
  skipAcl: false,
  grant: 0,
  appKey: null,
  scope: null,
  requestId: null,
}

function typeWith(settings: Partial<ObjectDefinition>): ObjectType {
  const types = new ObjectTypes()
  types.define({ name: 'thing', plural: 'things', load: () => Promise.resolve([]), properties: {}, ...settings })
  return types.find('thing') as ObjectType
}

const of = (level: number) => ({ level, roles: new Set<string>() })

describe('the table of the contract', () => {
  test.each([
    [7, [6, 5, 4, 2], 7, 6],
    [7, [6, 5, 4, 2], 4, 4],
    [5, [6, 5, 4, 2], 5, 4],
    [5, [5, 2], 4, 2],
    [7, [5, 4, 2], 0, 2],
  ])('level %i with the chain %j, asked for %i, grants %i', (level, shareChain, access, result) => {
    const wish = { access, roles: [] }
    expect(granted(typeWith({ shareChain }), context, somebody, of(level), wish, false)).toEqual({
      access: result,
      roles: [],
    })
  })

  test('a share list may give a role and less than the least', () => {
    const shareAcl: ShareEntry[] = [
      { type: 'access', target: 5, role: 'G' },
      { type: 'access', target: 5, allow: 1 },
    ]
    const wish = { access: 0, roles: ['G', 'H'] }
    expect(granted(typeWith({ shareAcl }), context, somebody, of(5), wish, false)).toEqual({ access: 1, roles: ['G'] })
    expect(granted(typeWith({ shareAcl }), context, somebody, of(4), wish, false)).toEqual({ access: 0, roles: [] })
  })

  test('whoever skips the list grants what is asked, at most 7', () => {
    for (const [access, result] of [
      [9, 7],
      [7, 7],
      [4, 4],
      [0, 2],
    ] as const) {
      expect(granted(typeWith({}), context, somebody, noAccess, { access, roles: ['G'] }, true)).toEqual({
        access: result,
        roles: ['G'],
      })
    }
  })

  test('without a chain and a list nothing is granted', () => {
    const wish = { access: 4, roles: ['G'] }
    expect(granted(typeWith({ shareChain: [] }), context, somebody, of(7), wish, false)).toEqual({
      access: 0,
      roles: [],
    })
  })
})

const level = fc.integer({ min: 0, max: 9 }).map(levelOf)
const role: fc.Arbitrary<string> = fc.constantFrom('F', 'G', 'H')
const entry: fc.Arbitrary<ShareEntry> = fc.oneof(
  fc.record({ type: fc.constant('access' as const), target: level, allow: level }),
  fc.record({ type: fc.constant('access' as const), target: level, role }),
  fc.record({ type: fc.constant('account' as const), target: fc.constantFrom('anyone', 'signed-in'), allow: level }),
  fc.record({ type: fc.constant('role' as const), target: role, allow: level }),
)

test('Z5: never more is granted than was asked, nor as much as the granter has, nor a role that was not asked', () => {
  fc.assert(
    fc.property(
      fc.array(level),
      fc.array(entry),
      level,
      fc.uniqueArray(role),
      fc.integer({ min: 5, max: 9 }).map(levelOf),
      fc.uniqueArray(role),
      (shareChain, shareAcl, access, roles, have, held) => {
        const type = typeWith({ shareChain, shareAcl })
        const mine = { level: have, roles: new Set(held) }
        const result = granted(type, context, somebody, mine, { access, roles }, false)
        expect(result.access).toBeLessThanOrEqual(Math.max(type.leastAccess, access))
        expect(result.access).toBeLessThan(have)
        expect(result.access).toBeLessThanOrEqual(levels.delete)
        const most = shareAcl.length > 0 ? highest(shareAcl) : Math.max(0, ...shareChain, type.leastAccess)
        expect(result.access).toBeLessThanOrEqual(most)
        const offered = shareAcl.flatMap((each) => ('role' in each ? [each.role] : []))
        for (const each of result.roles) expect(roles.includes(each) && offered.includes(each)).toBe(true)
      },
    ),
  )
})

const highest = (entries: readonly ShareEntry[]) =>
  Math.max(0, ...entries.map((each) => ('allow' in each ? levelOf(each.allow) : 0)))

test('what is junk counts as the next lower level', () => {
  const read = ['read', 3, -1, 4.5, 12, null, undefined, 'all', NaN, {}]
  expect(read.map(levelOf)).toEqual([4, 2, 0, 4, 9, 0, 0, 0, 0, 0])
})

test('an owner has the object, and roles count that a connection gave', () => {
  const account = { id: 'me', roles: [] } as unknown as NonNullable<Principal['account']>
  const owned = typeWith({ owner: () => 'me' })
  expect(accessTo(owned, context, { ...somebody, account }, noAccess).level).toBe(7)
  expect(accessTo(owned, context, somebody, noAccess).level).toBe(0)
  const byRole = typeWith({ acl: [{ type: 'role', target: 'G', allow: 'read' }] })
  expect(accessTo(byRole, context, somebody, { level: 0, roles: new Set(['G']) }).level).toBe(4)
  expect(accessTo(byRole, context, { ...somebody, skipAcl: true }, noAccess).level).toBe(9)
})
