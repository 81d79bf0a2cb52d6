import { Refusal } from '../../src/faults.js'
import type { Account } from '../../src/people/account.js'
import * as access from '../../src/sharing/access.js'
import { type Grant, newGrant } from '../../src/sharing/grant.js'
import { complete, levels, type ObjectDefinition } from '../../src/sharing/object-types.js'
import * as policy from '../../src/sharing/policy.js'
import * as sharePolicy from '../../src/sharing/share-policy.js'
import { account } from '../support/people.js'

/** Every rule of the module, for every caller and kind of connection. */

const person = (name: string, more: Partial<Account> = {}) =>
  account({ id: `id of ${name}`, email: `${name}@example.com`, name, ...more })
const [owner, creator, target, addressed, other] = [
  ...(['owner', 'creator', 'target', 'addressed', 'other'] as const),
].map((name) => person(name)) as [Account, Account, Account, Account, Account]
const callers: readonly (Account | null)[] = [null, owner, creator, target, addressed, other]
const verified = (of: Account) => ({ account: of, verified: true })
const as = (caller: Account | null, privileges = {}) =>
  access.principalFor(caller ? verified(caller) : undefined, privileges)

const typeWith = (settings: Partial<ObjectDefinition> = {}) =>
  complete({
    name: 'thing',
    plural: 'things',
    load: () => Promise.resolve([]),
    owner: () => owner.id,
    properties: {},
    ...settings,
  })
const type = typeWith()
const context = { _id: 'context' }
const moment = new Date('2026-03-05T00:00:00Z')
const of = (level: number, ...roles: string[]) => ({ level, roles: new Set(roles), here: new Set(roles) })

const grant = (more: Partial<Grant>): Grant =>
  newGrant(
    { object: 'thing', contextId: context._id, creatorId: creator.id, state: 'pending', appKey: 'app', ...more },
    { access: levels.read, roles: [], skipped: null, ...more },
    moment,
  )
const grants = {
  invitation: grant({ targetId: target.id }),
  'invitation by address': grant({ targetEmail: 'addressed@example.com' }),
  'active connection': grant({ targetId: target.id, state: 'active' }),
  link: grant({ state: 'active' }),
}
const kinds = Object.keys(grants) as (keyof typeof grants)[]

/** The outcome of a rule: its value, `yes`, or the code of the refusal with its path. */
function outcome(decide: () => string | number | boolean | void): string {
  try {
    const decided = decide() ?? true
    return typeof decided === 'boolean' ? (decided ? 'yes' : 'no') : String(decided)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const code = error.code.replace(/^(accessDenied|invalidArgument)\./, '')
    return [code, error.details.path ?? []].flat().join(' ')
  }
}

/** The outcomes for nobody, owner, creator, target, addressed person and another person. */
const forAll = (decide: (caller: Account | null) => string | number | boolean | void) =>
  callers.map((caller) => outcome(() => decide(caller))).join(', ')

test('no rule is missing here (Z1)', () => {
  expect(Object.keys(policy).sort()).toEqual([
    ...['acceptanceOf', 'accessShown', 'accountOf', 'applierOf', 'badToken', 'checkMayApply', 'checkMayEnd'],
    ...['checkMayRead', 'checkMaySeeToken', 'checkScope', 'checkVerified', 'endingBy', 'endsFreely'],
    ...['isStillGranted', 'isTokenByAccess', 'keptOf', 'levelToRead', 'mayManage', 'maySeeApp', 'maySeeToken'],
    ...['opensFor', 'validityOf'],
  ])
  expect(Object.keys(sharePolicy).sort()).toEqual([
    ...['checkMayConnectAtOnce', 'checkMayImpart', 'checkMayShare', 'checkTakesConnections', 'checkTarget'],
    ...['quotaAfter', 'stepFor'],
  ])
})

describe('a caller (Z1)', () => {
  test('needs an account', () => {
    expect(forAll((caller) => policy.accountOf(as(caller)).id)).toBe(
      'notLoggedIn, id of owner, id of creator, id of target, id of addressed, id of other',
    )
  })

  test('counts as anonymous once the account is inactive, and owns no address before it is verified', () => {
    const inactive = person('gone', { state: 'inactive' })
    expect(access.principalFor({ account: inactive, verified: true }).account).toBeNull()
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

  test('has to be verified', () => {
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
  ] as const)('by id takes a level on the context: %s, %s', (kind, expected) => {
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

  test('the token of a link is for readers with its level and roles, save in lists of contexts', () => {
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

  test('asking for a token is refused if it is not shown', () => {
    const ask = (caller: Account | null, privileges = {}) =>
      outcome(() => policy.checkMaySeeToken(grants.invitation, as(caller, privileges), access.noAccess))
    expect([ask(target), ask(creator), ask(creator, { skipAcl: true })]).toEqual(['yes', 'connection', 'yes'])
  })

  test('the app is for the target', () => {
    expect(forAll((caller) => policy.maySeeApp(grants.invitation, as(caller), false))).toBe('no, no, no, yes, no, no')
    expect(forAll((caller) => policy.maySeeApp(grants.invitation, as(caller), true))).toBe(
      'yes, yes, yes, yes, yes, yes',
    )
  })

  test('the context is shown as public by an invitation, and as granted to the holder of a link', () => {
    const shown = (isHolder: boolean) => kinds.map((kind) => policy.accessShown(grants[kind], isHolder).level)
    expect([shown(false), shown(true)]).toEqual([
      [levels.public, levels.public, levels.none, levels.none],
      [levels.public, levels.public, levels.none, levels.read],
    ])
    expect([...policy.accessShown(grant({ roles: ['editor'] }), true).roles]).toEqual([])
  })

  test('lists of a context are for its owner and callers with share', () => {
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

  test('an active connection that grants as much as the caller has stays', () => {
    const much = grant({ targetId: target.id, state: 'active', access: levels.share })
    const end = (caller: Account, level: number) => outcome(() => policy.checkMayEnd(much, as(caller), of(level)))
    expect([end(other, levels.share), end(other, levels.update), end(target, levels.none)]).toEqual([no, 'yes', 'yes'])
  })

  test('access does not count for privileges, the owner, and the holder of an invitation', () => {
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
  ] as const)('is an event: %s, %s', (kind, expected) => {
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
  ])('%s', (_kind, of, by, on, expected) => {
    expect(policy.validityOf(of, by, on)).toBe(expected)
  })

  test.each<[string, access.Access, Partial<Grant>, boolean]>([
    ['the level', of(levels.share), {}, true],
    ['less than share', of(levels.read), { access: levels.connected }, false],
    ['no more than the level', of(levels.share), { access: levels.share }, false],
    ['the role', of(levels.share, 'editor'), { roles: ['editor'] }, true],
    ['no such role', of(levels.share), { roles: ['editor'] }, false],
    ['the level, by privilege', of(levels.share), { access: levels.update, skippedAccess: levels.update }, true],
    ['less by privilege', of(levels.share), { access: levels.update, skippedAccess: levels.connected }, false],
    ['the role, by privilege', of(levels.share), { roles: ['editor'], skippedRoles: ['editor'] }, true],
  ])('while its creator may grant the same: %s', (_has, mine, more, expected) => {
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

    test('or an active one, raised', () => {
      const { before, after, gone } = accept(offer, [active])
      expect([before, gone]).toEqual([active, [offer]])
      expect(after).toMatchObject({ access: levels.share, roles: ['reviewer', 'editor'] })
    })

    test('and takes away what grants no more, save invitations by address', () => {
      const [less, more] = [levels.share, levels.update].map((each) => grant({ targetId: target.id, access: each }))
      const byAddress = grant({ targetEmail: 'target@example.com', access: levels.connected })
      expect(accept(offer, [less, more, byAddress] as Grant[]).gone).toEqual([less])
    })

    test('of two accounts, in which a pending one of the other direction gives no more than colleagues have', () => {
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

describe('sharing (Z1, Z5)', () => {
  const sharer = (by: Account, skipAcl = false) => ({ type, context, principal: as(by), skipAcl })

  test('takes a type with connections, and the level share', () => {
    const closed = typeWith({ allowConnections: false })
    const takes = (of: typeof type, isForced: boolean) => outcome(() => sharePolicy.checkTakesConnections(of, isForced))
    expect([takes(type, false), takes(closed, false), takes(closed, true)]).toEqual([
      'yes',
      'connectionsDisabled thing',
      'yes',
    ])
    const share = (level: number, skipAcl = false) =>
      outcome(() => sharePolicy.checkMayShare(of(level), creator, skipAcl))
    expect([share(levels.read), share(levels.share), share(levels.none, true)]).toEqual([
      'shareAccess id of creator',
      'yes',
      'yes',
    ])
  })

  test('gives own roles; the owner and privileges give every role', () => {
    const places = new Map([
      ['editor', 'roles[0]'],
      ['reviewer', 'roles[1]'],
    ])
    const impart = (by: Account, skipAcl = false) =>
      outcome(() => sharePolicy.checkMayImpart(sharer(by, skipAcl), of(levels.share, 'editor'), places))
    expect([impart(other), impart(owner), impart(other, true)]).toEqual(['shareRoles roles[1]', 'yes', 'yes'])
  })

  const byId = { id: target.id, email: null }
  const byAddress = { id: null, email: 'target@example.com' }
  const lenient = typeWith({ requireAccept: false })
  const people = typeWith({ name: 'account', plural: 'accounts' })
  const ownId = { id: creator.id, email: null }
  const ownAddress = { id: null, email: 'creator@example.com' }
  test.each<
    [string, sharePolicy.Named, { auto?: boolean; forceAuto?: boolean; hides?: boolean; of?: typeof type }, string]
  >([
    ['an id', byId, {}, 'yes'],
    ['an address', byAddress, {}, 'yes'],
    ['an address on a site that hides them', byAddress, { hides: true }, 'connectionTarget email'],
    ['an id on such a site', byId, { hides: true }, 'yes'],
    ['the caller', ownId, {}, 'connectionTarget self'],
    ['the caller by address', ownAddress, {}, 'connectionTarget self'],
    ['the context, an account', { id: context._id, email: null }, { of: people }, 'connectionTarget self'],
    ['an object with the same id', { id: context._id, email: null }, {}, 'yes'],
    ['the context by address', { id: null, email: 'context@example.com' }, { of: people }, 'connectionTarget self'],
    ['an address at once', byAddress, { auto: true, forceAuto: true }, 'autoConnectionRequiresId target@example.com'],
    ['an id at once', byId, { auto: true }, 'requireConnectionAccept thing'],
    ['an id at once by force', byId, { auto: true, forceAuto: true }, 'yes'],
    ['an id at once of a type that allows it', byId, { auto: true, of: lenient }, 'yes'],
  ])('names %s', (_target, named, { auto = false, forceAuto = false, hides = false, of = type }, expected) => {
    const request = { type: of, context: { ...context, email: 'context@example.com' }, creator }
    const options = { forceAuto, takesAddresses: !hides }
    expect(outcome(() => sharePolicy.checkTarget(named, auto, 'targets[0]', request, options))).toBe(expected)
  })

  test.each([
    ['an unknown account', undefined, levels.delete, false, 'notFound.instance x'],
    ['with too little access', verified(target), levels.read, false, 'autoConnectionRequiresAccess x.5'],
    ['with a privilege', verified(target), levels.none, true, 'yes'],
    ['with access', verified(target), levels.share, false, 'yes'],
    [
      'an unverified account',
      { account: target, verified: false },
      levels.share,
      false,
      'connectionRequiresVerification x',
    ],
  ])('connects at once %s', (_kind, found, level, skipAcl, expected) => {
    expect(outcome(() => sharePolicy.checkMayConnectAtOnce('x', found, of(level), { type, skipAcl }))).toBe(expected)
  })

  test('is limited to 100 invitations an hour, 500 a day, and 50 e-mails an hour', () => {
    expect(sharePolicy.quotaAfter({ lastDay: 30, lastHour: 20 }, 10)).toEqual({ invitations: 80, emails: 40 })
    expect(sharePolicy.quotaAfter({ lastDay: 499, lastHour: 20 }, 50)).toEqual({ invitations: 1, emails: 0 })
  })

  describe('has a step for each target', () => {
    const enough = { invitations: 1, emails: 1 }
    const wish: access.Granted = { access: levels.read, roles: ['editor'], skipped: null }
    const [mine, theirs, byEmail, active] = [
      grant({ targetId: target.id }),
      grant({ targetId: target.id, creatorId: other.id }),
      grant({ targetEmail: 'target@example.com' }),
      grant({ targetId: target.id, state: 'active', access: levels.read, roles: ['editor'] }),
    ] as const
    const pair = grant({ object: 'account', contextId: target.id, targetId: context._id })
    const ownPair = grant({ object: 'account', targetId: target.id })
    const colleagues = { ...ownPair, state: 'active' as const }
    interface Case {
      readonly between?: readonly Grant[]
      readonly to?: Account | null
      readonly auto?: boolean
      readonly wish?: access.Granted
      readonly skipAcl?: boolean
      readonly isNotified?: boolean
      readonly quota?: sharePolicy.Quota
      readonly of?: typeof type
    }
    const nothing: access.Granted = { access: levels.none, roles: [], skipped: null }
    const more: access.Granted = { ...wish, access: levels.share }
    test.each<[string, Case, string]>([
      ['nothing is granted', { wish: nothing }, 'accessDenied.shareAccess'],
      ['nothing is granted, of a type that allows it', { wish: nothing, of: typeWith({ leastAccess: 0 }) }, 'invited'],
      ['a role alone is granted', { wish: { ...nothing, roles: ['editor'] } }, 'invited'],
      ['nothing is there', {}, 'invited'],
      ['nothing is there, by address', { to: null }, 'invited'],
      ['an active one grants as much', { between: [active] }, 'conflict.connectionExists'],
      ['an active one grants a lower level', { between: [active], wish: more }, 'upgraded'],
      ['an active one grants fewer roles', { between: [{ ...active, roles: [] }] }, 'upgraded'],
      ['colleagues get more', { between: [colleagues], wish: more }, 'conflict.connectionExists'],
      ['colleagues get more by privilege', { between: [colleagues], wish: more, skipAcl: true }, 'upgraded'],
      ['at once', { auto: true }, 'connected'],
      ['at once, and a pending one is there', { auto: true, between: [mine] }, 'connected'],
      ['an own one is pending', { between: [mine] }, 'refreshed'],
      ['another creator’s is pending', { between: [theirs] }, 'invited'],
      ['one by address is pending', { between: [byEmail] }, 'invited'],
      ['one by address is pending, by address', { between: [byEmail], to: null }, 'refreshed'],
      ['an own one between accounts is pending', { between: [ownPair] }, 'refreshed'],
      ['one of the other direction is pending', { between: [pair] }, 'conflict.connectionExists'],
      ['one of the other direction is pending, by address', { between: [pair], to: null }, 'invited'],
      ['no invitation is left', { quota: { invitations: 0, emails: 1 } }, 'throttled.connectionInvitations'],
      ['no e-mail is left', { quota: { invitations: 1, emails: 0 } }, 'throttled.connectionInvitations'],
      ['no e-mail is left or sent', { quota: { invitations: 1, emails: 0 }, isNotified: false }, 'invited'],
      [
        'no invitation is left, and one is there',
        { between: [mine], quota: { invitations: 0, emails: 0 } },
        'refreshed',
      ],
    ])('%s', (_case, { between = [], to = target, auto = false, ...rest }, expected) => {
      const { skipAcl = false, isNotified = true, quota = enough, of = type, wish: asked = wish } = rest
      const request = { type: of, context, creator, skipAcl, isNotified }
      const step = sharePolicy.stepFor(request, { account: to, auto }, asked, between, quota)
      expect(typeof step === 'string' ? step : step.verb).toBe(expected)
    })

    test('which changes the right connection, and takes away what grants no more', () => {
      const step = (between: readonly Grant[], auto = false) => {
        const request = { type, context, creator, skipAcl: false, isNotified: true }
        return sharePolicy.stepFor(request, { account: target, auto }, wish, between, enough)
      }
      const bigger = grant({ targetId: target.id, access: levels.update, creatorId: other.id })
      expect(step([theirs, mine])).toEqual({ verb: 'refreshed', before: mine, needless: [] })
      expect(step([bigger, mine, theirs, byEmail], true)).toEqual({
        verb: 'connected',
        before: undefined,
        needless: [mine, theirs],
      })
      expect(step([pair], true)).toEqual({ verb: 'connected', before: pair, needless: [] })
    })
  })
})
