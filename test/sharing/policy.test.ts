import type { Account } from '../../src/people/account.js'
import * as access from '../../src/sharing/access.js'
import type { Grant } from '../../src/sharing/grant.js'
import { levels } from '../../src/sharing/object-types.js'
import * as policy from '../../src/sharing/policy.js'
import {
  addressed,
  as,
  callers,
  context,
  creator,
  forAll,
  grant,
  grants,
  kinds,
  moment,
  of,
  other,
  outcome,
  owner,
  person,
  target,
  type,
  verified,
} from '../support/grants.js'

/** Every rule for callers and connections, for every caller and kind of connection. */

test('every rule is tested here (Z1)', () => {
  expect(Object.keys(policy).sort()).toEqual([
    ...['acceptanceOf', 'accessShown', 'accountOf', 'applierOf', 'badToken', 'checkMayApply', 'checkMayEnd'],
    ...['checkMayRead', 'checkMaySeeToken', 'checkScope', 'checkVerified', 'endingBy', 'endsFreely'],
    ...['isStillGranted', 'isTokenByAccess', 'keptOf', 'levelToRead', 'mayManage', 'maySeeApp', 'maySeeToken'],
    ...['opensFor', 'validityOf'],
  ])
})

describe('a caller (Z1)', () => {
  test('needs an account', () => {
    expect(forAll((caller) => policy.accountOf(as(caller)).id)).toBe(
      'notLoggedIn, id of owner, id of creator, id of target, id of addressed, id of other',
    )
  })

  test('is anonymous if the account is inactive, and owns no address before verification', () => {
    const inactive = person('gone', { state: 'inactive' })
    const caller = access.principalFor({ account: inactive, verified: true })
    expect(caller.account).toBeNull()
    expect(() => policy.accountOf(caller)).toThrow(
      expect.objectContaining({ code: 'accessDenied.notLoggedIn', details: { reason: 'The account is disabled.' } }),
    )
    expect(access.principalFor({ account: addressed, verified: false })).toMatchObject({
      account: { id: addressed.id, email: null },
      verified: false,
    })
    expect(as(addressed).account?.email).toBe('addressed@example.com')
  })

  test.each([
    [null, 'yes, yes, yes, yes'],
    [['read'], 'scope object.create.connection, yes, scope object.update.connection, scope object.delete.connection'],
    [['create', 'update', 'delete'], 'yes, scope object.read.connection, yes, yes'],
    [[], access.actions.map((action) => `scope object.${action}.connection`).join(', ')],
  ] as const)('of scope %j may create, read, update, delete: %s', (scope, expected) => {
    expect(access.actions.map((action) => outcome(() => policy.checkScope({ scope }, action))).join(', ')).toBe(
      expected,
    )
  })

  test('must be verified', () => {
    expect(outcome(() => policy.checkVerified({ verified: true }))).toBe('yes')
    expect(outcome(() => policy.checkVerified({ verified: false }))).toBe('connectionRequiresVerification')
    expect(outcome(() => policy.checkVerified({ verified: false }, 'x'))).toBe('connectionRequiresVerification x')
  })
})

describe('reading (Z1, Z7)', () => {
  test.each([
    ['invitation', '5, 5, 0, 0, 5, 5'],
    ['invitation by address', '5, 5, 0, 5, 0, 5'],
    ['active connection', '2, 2, 0, 0, 2, 2'],
    ['link', '2, 2, 0, 2, 2, 2'],
  ] as const)('by id requires a level on the context: %s, %s', (kind, expected) => {
    expect(forAll((caller) => policy.levelToRead(grants[kind], caller))).toBe(expected)
    for (const caller of callers) {
      const level = policy.levelToRead(grants[kind], caller)
      expect(outcome(() => policy.checkMayRead(grants[kind], caller, of(level)))).toBe('yes')
      if (level === 0) continue
      expect(outcome(() => policy.checkMayRead(grants[kind], caller, of(level - 1)))).toBe('connection')
    }
  })

  test.each([
    ['invitation', 'no, no, no, yes, no, no'],
    ['invitation by address', 'yes, yes, yes, yes, yes, yes'],
    ['link', 'yes, yes, yes, yes, yes, yes'],
  ] as const)('by token: %s, %s', (kind, expected) => {
    expect(forAll((caller) => policy.opensFor(grants[kind], caller))).toBe(expected)
  })

  test.each([
    ['invitation', 'no, no, no, yes, no, no', 'no, no, no, yes, no, no'],
    ['invitation by address', 'no, no, no, no, yes, no', 'no, no, no, no, yes, no'],
    ['active connection', 'no, no, no, yes, no, no', 'no, no, no, yes, no, no'],
    ['link', 'no, no, yes, no, no, no', 'yes, yes, yes, yes, yes, yes'],
  ] as const)('the token of: %s, by id %s, as a holder %s', (kind, byId, asHolder) => {
    const see = (isHolder: boolean) =>
      forAll((caller) => policy.maySeeToken(grants[kind], as(caller), access.noAccess, { isHolder }))
    expect([see(false), see(true)]).toEqual([byId, asHolder])
  })

  test('shows the token of a link to readers with its level and roles, except in lists of contexts', () => {
    const link = grant({ state: 'active', access: levels.read, roles: ['editor'] })
    const see = (own: access.Access, ownTokens = false) =>
      policy.maySeeToken(link, as(other), own, { isHolder: false, ownTokens })
    expect(see(of(levels.read, 'editor'))).toBe(true)
    expect(see(of(levels.read, 'editor'), true)).toBe(false)
    expect(see(of(levels.connected, 'editor'))).toBe(false)
    expect(see(of(levels.delete))).toBe(false)
    expect(kinds.map((kind) => policy.isTokenByAccess(grants[kind], as(other)))).toEqual([false, false, false, true])
    expect(policy.isTokenByAccess(grants.link, as(creator))).toBe(false)
  })

  test('refuses a hidden token', () => {
    const ask = (caller: Account | null, privileges = {}) =>
      outcome(() => policy.checkMaySeeToken(grants.invitation, as(caller, privileges), access.noAccess))
    expect([ask(target), ask(creator), ask(creator, { skipAcl: true })]).toEqual(['yes', 'connection', 'yes'])
  })

  test('shows the app to the target', () => {
    expect(forAll((caller) => policy.maySeeApp(grants.invitation, as(caller), false))).toBe('no, no, no, yes, no, no')
    expect(forAll((caller) => policy.maySeeApp(grants.invitation, as(caller), true))).toBe(
      'yes, yes, yes, yes, yes, yes',
    )
  })

  test('shows the public context of an invitation, and the granted context to the holder of a link', () => {
    const shown = (isHolder: boolean) => kinds.map((kind) => policy.accessShown(grants[kind], isHolder).level)
    expect([shown(false), shown(true)]).toEqual([
      [levels.public, levels.public, levels.none, levels.none],
      [levels.public, levels.public, levels.none, levels.read],
    ])
    expect([...policy.accessShown(grant({ roles: ['editor'] }), true).roles]).toEqual([])
  })

  test('lists a context for its owner and callers with share', () => {
    expect(forAll((caller) => policy.mayManage(type, context, as(caller), access.noAccess))).toBe(
      'no, yes, no, no, no, no',
    )
    expect(policy.mayManage(type, context, as(other), of(levels.share))).toBe(true)
    expect(policy.mayManage(type, context, as(other), of(levels.read))).toBe(false)
  })
})

describe('ending (Z1)', () => {
  const [no, share] = ['connection', 'shareAccess']
  const all = (outcome: string) => Array<string>(6).fill(outcome).join(', ')
  test.each([
    ['invitation', levels.read, `${no}, ${no}, yes, yes, ${no}, ${no}`],
    ['invitation', levels.share, all('yes')],
    ['invitation by address', levels.read, `${no}, ${no}, yes, ${no}, yes, ${no}`],
    ['invitation by address', levels.share, all('yes')],
    ['active connection', levels.read, `${share}, ${share}, ${share}, yes, ${share}, ${share}`],
    ['active connection', levels.share, all('yes')],
    ['link', levels.read, `${share}, ${share}, yes, ${share}, ${share}, ${share}`],
    ['link', levels.share, all('yes')],
  ] as const)('%s, with level %i on the context: %s', (kind, level, expected) => {
    expect(forAll((caller) => policy.checkMayEnd(grants[kind], as(caller), of(level)))).toBe(expected)
  })

  test('is refused for an active connection with as much access as the caller', () => {
    const much = grant({ targetId: target.id, state: 'active', access: levels.share })
    const end = (caller: Account, level: number) => outcome(() => policy.checkMayEnd(much, as(caller), of(level)))
    expect([end(other, levels.share), end(other, levels.update), end(target, levels.none)]).toEqual([no, 'yes', 'yes'])
  })

  test('needs no access with privileges, for the owner, and for the holder of an invitation', () => {
    const none = { skipAcl: false, isOwned: false, isHolder: false }
    const free = (more: Partial<typeof none>) =>
      kinds.map((kind) => policy.endsFreely(grants[kind], { ...none, ...more }))
    expect(free({})).toEqual([false, false, false, false])
    expect(free({ skipAcl: true })).toEqual([true, true, true, true])
    expect(free({ isOwned: true })).toEqual([true, true, true, true])
    expect(free({ isHolder: true })).toEqual([true, true, false, false])
  })

  test.each([
    ['invitation', 'declined, removed, withdrawn, declined, removed, removed'],
    ['invitation by address', 'declined, removed, withdrawn, removed, declined, removed'],
    ['active connection', all('removed')],
    ['link', all('removed')],
  ] as const)('writes an event: %s, %s', (kind, expected) => {
    expect(forAll((caller) => policy.endingBy(grants[kind], as(caller)))).toBe(expected)
  })
})

describe('a valid invitation or link (Z5)', () => {
  const inactive = { account: person('creator', { state: 'inactive' }), verified: true }
  const skipped = grant({ skippedAccess: levels.read })

  test.each([
    ['of an inactive creator', grants.invitation, inactive, context, false],
    ['of a deleted creator', grants.invitation, undefined, context, false],
    ['that a privilege granted, of an inactive creator', skipped, inactive, context, false],
    ['that a privilege granted', skipped, verified(creator), context, true],
    ['that a privilege granted, to a missing context', skipped, verified(creator), undefined, true],
    ['of a privilege for less', grant({ skippedAccess: levels.connected }), verified(creator), context, undefined],
    ['to a missing context: invitation', grants.invitation, verified(creator), undefined, true],
    ['to a missing context: link', grants.link, verified(creator), undefined, false],
    ['of an active creator', grants.link, verified(creator), context, undefined],
  ])('is judged by its creator and context: %s', (_kind, of, by, on, expected) => {
    expect(policy.validityOf(of, by, on)).toBe(expected)
  })

  test.each<[string, access.Access, Partial<Grant>, boolean]>([
    ['the level', of(levels.share), {}, true],
    ['less than share', of(levels.read), { access: levels.connected }, false],
    ['no more than the level', of(levels.share), { access: levels.share }, false],
    ['the role', of(levels.share, 'editor'), { roles: ['editor'] }, true],
    ['a missing role', of(levels.share), { roles: ['editor'] }, false],
    ['the level, by privilege', of(levels.share), { access: levels.update, skippedAccess: levels.update }, true],
    ['less by privilege', of(levels.share), { access: levels.update, skippedAccess: levels.connected }, false],
    ['the role, by privilege', of(levels.share), { roles: ['editor'], skippedRoles: ['editor'] }, true],
  ])('requires that its creator may still grant it: %s', (_has, mine, more, expected) => {
    const sharer = { type, context, principal: as(creator) }
    expect(policy.isStillGranted(sharer, mine, grant(more))).toBe(expected)
  })
})

describe('applying (Z1)', () => {
  const apply = (of: Grant, by: Account, found?: Account, skipAcl = false, isVerified = true) =>
    policy.applierOf(of, verified(by), found && { account: found, verified: isVerified }, skipAcl)?.account.name

  test('is for the target; with skipAcl, for the named account or the verified account of the address', () => {
    expect(kinds.map((kind) => apply(grants[kind], target))).toEqual(['target', undefined, 'target', 'target'])
    expect(kinds.map((kind) => apply(grants[kind], addressed))).toEqual([
      undefined,
      'addressed',
      undefined,
      'addressed',
    ])
    expect(apply(grants.invitation, other, target)).toBeUndefined()
    expect(apply(grants.invitation, other, target, true)).toBe('target')
    expect(apply(grants.invitation, other, target, true, false)).toBe('target')
    expect(apply(grants.invitation, other, person('target', { state: 'inactive' }), true)).toBeUndefined()
    expect(apply(grants['invitation by address'], other, addressed, true)).toBe('addressed')
    expect(apply(grants['invitation by address'], other, addressed, true, false)).toBe('other')
    expect(apply(grants['invitation by address'], other, undefined, true)).toBe('other')
  })

  test('is refused in this order', () => {
    const check = (of: Grant, on: typeof context | undefined, to?: { account: Account; verified: boolean }) =>
      outcome(() => policy.checkMayApply(of, on, to))
    const own = grant({ object: 'account', contextId: target.id })
    expect(check(grants.link, undefined)).toBe('connectionToken')
    expect(check(grants.link, undefined, { account: target, verified: false })).toBe('connectionRequiresVerification')
    expect(check(grants.link, undefined, verified(target))).toBe('unspecified token')
    expect(check(own, undefined, verified(target))).toBe('connectionTarget self')
    expect(check(grants.invitation, undefined, verified(target))).toBe('notFound.unspecified')
    expect(check(grants.invitation, context, verified(target))).toBe('yes')
    expect(check(grant({ contextId: target.id, targetId: target.id }), context, verified(target))).toBe('yes')
    expect(
      outcome(() => {
        throw policy.badToken()
      }),
    ).toBe('connectionToken')
  })

  describe('leaves one connection', () => {
    const accept = (invitation: Grant, others: readonly Grant[], isOffered = false) =>
      policy.acceptanceOf(invitation, target.id, others, isOffered, moment)
    const active = grant({ targetId: target.id, state: 'active', access: levels.connected, roles: ['reviewer'] })
    const offer = grant({ targetId: target.id, access: levels.share, roles: ['editor'] })

    test('the invitation itself', () => {
      const { before, after, gone } = accept(grants['invitation by address'], [])
      expect([before, gone]).toEqual([grants['invitation by address'], []])
      expect(after).toMatchObject({
        id: before.id,
        targetId: target.id,
        state: 'active',
        tokenKey: null,
        expiresAt: null,
      })
    })

    test('an active one, raised', () => {
      const { before, after, gone } = accept(offer, [active])
      expect([before, gone]).toEqual([active, [offer]])
      expect(after).toMatchObject({ access: levels.share, roles: ['reviewer', 'editor'] })
    })

    test('and deletes those that grant no more, except invitations by address', () => {
      const [less, more] = [levels.share, levels.update].map((each) => grant({ targetId: target.id, access: each }))
      const byAddress = grant({ targetEmail: 'target@example.com', access: levels.connected })
      expect(accept(offer, [less, more, byAddress] as Grant[]).gone).toEqual([less])
    })

    test('of two accounts, and a pending one of the other direction gives the level of colleagues', () => {
      const pair = { object: 'account', targetId: target.id, access: levels.update }
      const mine = grant({ ...pair, contextId: owner.id })
      const theirs = grant({ ...pair, contextId: target.id, targetId: owner.id })
      const byAddress = grant({ object: 'account', contextId: owner.id, targetEmail: 'target@example.com' })
      expect(policy.keptOf([byAddress, theirs])).toBe(theirs)
      expect(policy.keptOf([theirs, active])).toBe(active)
      expect(policy.keptOf([byAddress])).toBeUndefined()
      expect(accept(byAddress, [mine], true).after).toMatchObject({ access: levels.update })
      expect(accept(byAddress, [mine]).after).toMatchObject({ access: levels.read })
      const { before, after } = accept(byAddress, [theirs])
      expect(before).toBe(theirs)
      expect(after).toMatchObject({ access: levels.connected, reverseAccess: levels.read })
    })
  })
})
