import fc from 'fast-check'
import { accessTo, granted, noAccess, type Principal } from '../../src/sharing/access.js'
import {
  levelOf,
  levels,
  type ObjectDefinition,
  type ObjectType,
  ObjectTypes,
  readLevel,
  type ShareEntry,
} from '../../src/sharing/object-types.js'

/** The granted part of a wish (docs/module.md, Granted level). */

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

describe('the granted level', () => {
  test.each([
    [7, [6, 5, 4, 2], 7, 6],
    [7, [6, 5, 4, 2], 4, 4],
    [5, [6, 5, 4, 2], 5, 4],
    [5, [5, 2], 4, 2],
    [7, [5, 4, 2], 0, 2],
  ])('level %i with the chain %j and the wish %i grants %i', (level, shareChain, access, result) => {
    const wish = { access, roles: [] }
    expect(
      granted({ type: typeWith({ shareChain }), context, principal: somebody, skipAcl: false }, of(level), wish),
    ).toEqual({
      access: result,
      roles: [],
    })
  })

  test('a share list may give a role, and less than the least level', () => {
    const shareAcl: ShareEntry[] = [
      { type: 'access', target: 5, role: 'G' },
      { type: 'access', target: 5, allow: 1 },
    ]
    const wish = { access: 0, roles: ['G', 'H'] }
    expect(
      granted({ type: typeWith({ shareAcl }), context, principal: somebody, skipAcl: false }, of(5), wish),
    ).toEqual({ access: 1, roles: ['G'] })
    expect(
      granted({ type: typeWith({ shareAcl }), context, principal: somebody, skipAcl: false }, of(4), wish),
    ).toEqual({ access: 0, roles: [] })
  })

  test('skipAcl grants the wish, at most 7', () => {
    for (const [access, result] of [
      [9, 7],
      [7, 7],
      [4, 4],
      [0, 2],
    ] as const) {
      expect(
        granted({ type: typeWith({}), context, principal: somebody, skipAcl: true }, noAccess, {
          access,
          roles: ['G'],
        }),
      ).toEqual({
        access: result,
        roles: ['G'],
      })
    }
  })

  test('an empty chain without a list grants nothing', () => {
    const wish = { access: 4, roles: ['G'] }
    expect(
      granted({ type: typeWith({ shareChain: [] }), context, principal: somebody, skipAcl: false }, of(7), wish),
    ).toEqual({
      access: 0,
      roles: [],
    })
  })
})

const aLevel = (least: number) => fc.constantFrom(...Object.values(levels).filter((each) => each >= least))
const level = aLevel(0)
const role: fc.Arbitrary<string> = fc.constantFrom('F', 'G', 'H')
const entry: fc.Arbitrary<ShareEntry> = fc.oneof(
  fc.record({ type: fc.constant('access' as const), target: level, allow: level }),
  fc.record({ type: fc.constant('access' as const), target: level, role }),
  fc.record({ type: fc.constant('account' as const), target: fc.constantFrom('anyone', 'signed-in'), allow: level }),
  fc.record({ type: fc.constant('role' as const), target: role, allow: level }),
)

test('a grant is at most the wish, below the granter’s level, and has only wished roles (Z5)', () => {
  fc.assert(
    fc.property(
      fc.array(level),
      fc.array(entry),
      level,
      fc.uniqueArray(role),
      aLevel(5),
      fc.uniqueArray(role),
      fc.uniqueArray(role),
      (shareChain, shareAcl, access, roles, have, held, here) => {
        const type = typeWith({ shareChain, shareAcl })
        const mine = { level: have, roles: new Set([...held, ...here]), here: new Set(here) }
        const result = granted({ type, context, principal: somebody, skipAcl: false }, mine, { access, roles })
        expect(result.access).toBeLessThanOrEqual(Math.max(type.leastAccess, access))
        expect(result.access).toBeLessThan(have)
        expect(result.access).toBeLessThanOrEqual(levels.delete)
        const most = shareAcl.length > 0 ? highest(shareAcl) : Math.max(0, ...shareChain, type.leastAccess)
        expect(result.access).toBeLessThanOrEqual(most)
        const offered = shareAcl.flatMap((each) => ('role' in each ? [each.role] : []))
        const own = shareAcl.length > 0 ? offered : here
        for (const each of result.roles) expect(roles.includes(each) && own.includes(each)).toBe(true)
      },
    ),
  )
})

const highest = (entries: readonly ShareEntry[]) =>
  Math.max(0, ...entries.map((each) => ('allow' in each ? levelOf(each.allow, 'test') : 0)))

test('a level is a number, a string of digits or a name, and a number counts as the next lower level', () => {
  const read: (readonly [unknown, number])[] = [
    ...([
      ['read', 4],
      ['system', 9],
      [0, 0],
      [3, 2],
      [-1, 0],
      [-0.5, 0],
      [4.5, 4],
      [12, 9],
    ] as const),
    ...([
      [Infinity, 9],
      [-Infinity, 0],
      ['0', 0],
      ['3', 2],
      ['4', 4],
      ['0004', 4],
      ['9'.repeat(400), 9],
    ] as const),
  ]
  expect(read.map(([given]) => readLevel(given))).toEqual(read.map(([, level]) => level))
})

test('other values are not levels', () => {
  const names: fc.Arbitrary<unknown> = fc.string().filter((text) => !/^\d+$/.test(text) && !Object.hasOwn(levels, text))
  const others = fc.constantFrom(NaN, true, false, null, undefined, [], [4], {}, 4n, Symbol('read'), new Date(4), '-1')
  const near = fc.constantFrom('READ', ' read', 'read ', '4.0', '4 ', '0x4', '', 'toString', '__proto__')
  fc.assert(fc.property(fc.oneof(names, others, near), (given) => expect(readLevel(given)).toBeUndefined()))
  expect(() => levelOf('READ', 'document.body')).toThrow(
    new TypeError(
      "document.body: 'READ' is not an access level; use a number, or one of none, public, connected, read, share, " +
        'update, delete, script, system.',
    ),
  )
})

test.each<[string, Partial<ObjectDefinition>]>([
  ['thing.title', { properties: { title: 'PUBLIC' as never } }],
  ['thing.title', { properties: { title: { access: 'reed' as never } } }],
  ['thing.title', { properties: { title: null as never } }],
  ['thing.title', { properties: { title: undefined as never } }],
  ['thing.shareChain', { shareChain: ['read', 'all' as never] }],
  ['thing.shareAcl', { shareAcl: [{ type: 'access', target: 'shares' as never, role: 'G' }] }],
  ['thing.shareAcl', { shareAcl: [{ type: 'self', allow: 'everything' as never }] }],
  ['thing.acl', { acl: [{ type: 'owner', allow: NaN }] }],
  ['thing.acl', { acl: [{ type: 'owner' } as never] }],
  ['thing.leastAccess', { leastAccess: 'nothing' as never }],
  ['thing.requiredAccess', { requiredAccess: true as never }],
])('a definition with an unknown level is refused: %s of %j', (where, settings) => {
  expect(() => typeWith(settings)).toThrow(TypeError)
  expect(() => typeWith(settings)).toThrow(where)
})

test.each<[string, object]>([
  ['thing.load must be a function.', { load: undefined }],
  ['thing.load must be a function.', { load: 'load' }],
  ['thing.owner must be a function, or left out.', { owner: 'ann' }],
  ['thing.properties must be an object.', { properties: undefined }],
  ['The name of a type must be a lower-case word of a-z, 0-9 and _, not undefined.', { name: undefined }],
  ["The plural of a type must be a lower-case word of a-z, 0-9 and _, not 'My things'.", { plural: 'My things' }],
])('an incomplete definition is refused: %s', (message, settings) => {
  expect(() => typeWith(settings)).toThrow(new TypeError(message))
})

test('a function as access list may not give an unknown level', () => {
  const type = typeWith({ acl: () => [{ type: 'account', target: 'anyone', allow: 'READ' as never }] })
  expect(() => accessTo(type, context, somebody, noAccess)).toThrow(TypeError)
})

describe('a loader', () => {
  const loading = (...rows: unknown[]) => typeWith({ load: () => Promise.resolve(rows as never) })

  test('may leave out objects', async () => {
    expect(await loading({ _id: 'a' }).load(['a', 'b'])).toEqual([{ _id: 'a' }])
  })

  test('may change the list of ids', async () => {
    const { load } = typeWith({
      load: (ids) => Promise.resolve((ids as string[]).splice(0).map((_id) => ({ _id }))),
    })
    const ids = ['a', 'b']
    expect([await load(ids), ids]).toEqual([
      [{ _id: 'a' }, { _id: 'b' }],
      ['a', 'b'],
    ])
  })

  test('that replaces a requested id is an error of the application', async () => {
    const load = (ids: readonly string[]) => {
      ;(ids as string[])[0] = 'c'
      return Promise.resolve(ids.map((_id) => ({ _id })))
    }
    await expect(typeWith({ load }).load(['a'])).rejects.toThrow(/the _id 'c', which was not requested/)
  })

  test.each([[{ _id: 'c' }], [{ _id: 'A' }], [{ _id: undefined }], [{}]])(
    'that returns %j for a and b is an error of the application',
    async (row) => {
      await expect(loading({ _id: 'a' }, row).load(['a', 'b'])).rejects.toThrow(
        /^load of thing returned an object with the _id .+, which was not requested.$/,
      )
    },
  )
})

describe('roles', () => {
  const me = { id: 'me', roles: ['everywhere'] } as unknown as NonNullable<Principal['account']>
  const caller: Principal = { ...somebody, account: me }
  const wish = { access: 2, roles: ['held', 'everywhere', 'other'] }
  const rolesOf = (type: ObjectType, by: Principal, connected = noAccess, skipAcl = false) =>
    granted({ type, context, principal: by, skipAcl }, accessTo(type, context, by, connected), wish).roles

  test('are all free for the owner, and for calls with skipAcl', () => {
    for (const shareChain of [['connected'] as const, []]) {
      expect(rolesOf(typeWith({ shareChain, owner: () => 'me' }), caller)).toEqual(wish.roles)
      expect(rolesOf(typeWith({ shareChain }), somebody, noAccess, true)).toEqual(wish.roles)
    }
  })

  test('held on the object, by the access list or a connection, are free for others', () => {
    const connected = { level: 5, roles: new Set(['held']) }
    expect(rolesOf(typeWith({}), caller, connected)).toEqual(['held'])
    const acl = [{ type: 'account' as const, target: 'me', role: 'other' }]
    expect(rolesOf(typeWith({ acl }), caller, connected)).toEqual(['held', 'other'])
    expect(rolesOf(typeWith({}), { ...caller, grant: 8 })).toEqual([])
  })

  test('of the share list, if the type has one, are free for others', () => {
    const shareAcl: ShareEntry[] = [{ type: 'access', target: 'share', role: 'other' }]
    const connected = { level: 5, roles: new Set(['held']) }
    expect(rolesOf(typeWith({ shareAcl }), caller, connected)).toEqual(['other'])
    expect(rolesOf(typeWith({ shareAcl, owner: () => 'me' }), caller)).toEqual(wish.roles)
  })
})

test('an owner has full access, and roles of a connection count', () => {
  const account = { id: 'me', roles: [] } as unknown as NonNullable<Principal['account']>
  const owned = typeWith({ owner: () => 'me' })
  expect(accessTo(owned, context, { ...somebody, account }, noAccess).level).toBe(7)
  expect(accessTo(owned, context, somebody, noAccess).level).toBe(0)
  const byRole = typeWith({ acl: [{ type: 'role', target: 'G', allow: 'read' }] })
  expect(accessTo(byRole, context, somebody, { level: 0, roles: new Set(['G']) }).level).toBe(4)
  expect(accessTo(byRole, context, { ...somebody, skipAcl: true }, noAccess).level).toBe(9)
})
