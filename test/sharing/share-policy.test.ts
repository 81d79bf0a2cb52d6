import type { Account } from '../../src/people/account.js'
import type { Granted } from '../../src/sharing/access.js'
import type { Grant } from '../../src/sharing/grant.js'
import { levels } from '../../src/sharing/object-types.js'
import * as sharePolicy from '../../src/sharing/share-policy.js'
import {
  as,
  context,
  creator,
  grant,
  of,
  other,
  outcome,
  owner,
  target,
  type,
  typeWith,
  verified,
} from '../support/grants.js'

/** Every rule of making connections. */

test('every rule is tested here (Z1)', () => {
  expect(Object.keys(sharePolicy).sort()).toEqual([
    ...['checkMayConnectAtOnce', 'checkMayImpart', 'checkMayShare', 'checkTakesConnections', 'checkTarget'],
    ...['quotaAfter', 'stepFor'],
  ])
})

describe('sharing (Z1, Z5)', () => {
  const sharer = (by: Account, skipAcl = false) => ({ type, context, principal: as(by), skipAcl })

  test('requires a type with connections, and the level share', () => {
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
    ['an address on a site that hides addresses', byAddress, { hides: true }, 'connectionTarget email'],
    ['an id on a site that hides addresses', byId, { hides: true }, 'yes'],
    ['the caller', ownId, {}, 'connectionTarget self'],
    ['the caller by address', ownAddress, {}, 'connectionTarget self'],
    ['the context, an account', { id: context._id, email: null }, { of: people }, 'connectionTarget self'],
    ['an object with the same id', { id: context._id, email: null }, {}, 'yes'],
    ['the context by address', { id: null, email: 'context@example.com' }, { of: people }, 'connectionTarget self'],
    ['an address at once', byAddress, { auto: true, forceAuto: true }, 'autoConnectionRequiresId target@example.com'],
    ['an id at once', byId, { auto: true }, 'requireConnectionAccept thing'],
    ['an id at once by force', byId, { auto: true, forceAuto: true }, 'yes'],
    ['an id at once of a type that allows it', byId, { auto: true, of: lenient }, 'yes'],
  ])(
    'checks the target: %s',
    (_target, named, { auto = false, forceAuto = false, hides = false, of = type }, expected) => {
      const request = { type: of, context: { ...context, email: 'context@example.com' }, creator }
      const options = { forceAuto, takesAddresses: !hides }
      expect(outcome(() => sharePolicy.checkTarget(named, auto, 'targets[0]', request, options))).toBe(expected)
    },
  )

  test.each([
    ['an unknown account', undefined, levels.delete, false, 'notFound.instance x'],
    ['too little access', verified(target), levels.read, false, 'autoConnectionRequiresAccess x.5'],
    ['a privilege', verified(target), levels.none, true, 'yes'],
    ['enough access', verified(target), levels.share, false, 'yes'],
    [
      'an unverified account',
      { account: target, verified: false },
      levels.share,
      false,
      'connectionRequiresVerification x',
    ],
  ])('checks a connection at once: %s', (_kind, found, level, skipAcl, expected) => {
    expect(outcome(() => sharePolicy.checkMayConnectAtOnce('x', found, of(level), { type, skipAcl }))).toBe(expected)
  })

  test('is limited to 100 invitations an hour, 500 a day, and 50 e-mails an hour', () => {
    expect(sharePolicy.quotaAfter({ lastDay: 30, lastHour: 20 }, 10)).toEqual({ invitations: 80, emails: 40 })
    expect(sharePolicy.quotaAfter({ lastDay: 499, lastHour: 20 }, 50)).toEqual({ invitations: 1, emails: 0 })
  })

  describe('has a step for each target', () => {
    const enough = { invitations: 1, emails: 1 }
    const wish: Granted = { access: levels.read, roles: ['editor'], skipped: null }
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
      readonly wish?: Granted
      readonly skipAcl?: boolean
      readonly isNotified?: boolean
      readonly quota?: sharePolicy.Quota
      readonly of?: typeof type
    }
    const nothing: Granted = { access: levels.none, roles: [], skipped: null }
    const more: Granted = { ...wish, access: levels.share }
    test.each<[string, Case, string]>([
      ['nothing is granted', { wish: nothing }, 'accessDenied.shareAccess'],
      ['nothing is granted, of a type that allows it', { wish: nothing, of: typeWith({ leastAccess: 0 }) }, 'invited'],
      ['a role alone is granted', { wish: { ...nothing, roles: ['editor'] } }, 'invited'],
      ['no connection exists', {}, 'invited'],
      ['no connection exists, by address', { to: null }, 'invited'],
      ['an active one grants as much', { between: [active] }, 'conflict.connectionExists'],
      ['an active one grants a lower level', { between: [active], wish: more }, 'upgraded'],
      ['an active one grants fewer roles', { between: [{ ...active, roles: [] }] }, 'upgraded'],
      ['colleagues get more', { between: [colleagues], wish: more }, 'conflict.connectionExists'],
      ['colleagues get more by privilege', { between: [colleagues], wish: more, skipAcl: true }, 'upgraded'],
      ['it connects at once', { auto: true }, 'connected'],
      ['it connects at once, and a pending one exists', { auto: true, between: [mine] }, 'connected'],
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
      ['no invitation is left, and one exists', { between: [mine], quota: { invitations: 0, emails: 0 } }, 'refreshed'],
    ])('if %s', (_case, { between = [], to = target, auto = false, ...rest }, expected) => {
      const { skipAcl = false, isNotified = true, quota = enough, of = type, wish: asked = wish } = rest
      const request = { type: of, context, creator, skipAcl, isNotified }
      const step = sharePolicy.stepFor(request, { account: to, auto }, asked, between, quota)
      expect(typeof step === 'string' ? step : step.verb).toBe(expected)
    })

    test('that changes the right connection, and deletes those that grant no more', () => {
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
