import type { Colleague, Status } from '../../src/connections/model.js'
import * as rules from '../../src/connections/rules.js'
import { Failure } from '../../src/errors.js'
import type { Account, Caller } from '../../src/people/account.js'
import { account, colleague } from '../support/people.js'

/** Every rule for every caller and state, as one table, so that nothing is allowed by accident. */

const person = (name: string, more: Partial<Account> = {}) =>
  account({ id: `01900000-0000-7000-8000-00000000000${name.charCodeAt(0) % 10}`, name, ...more })
const [owner, peer, third] = [person('owner'), person('peer'), person('third')]
const admin = person('admin', { roles: ['admin'] })
const callers: Record<string, Caller> = { nobody: null, owner, peer, third, admin }
const statuses: Status[] = ['accepted', 'pending', 'unconfirmed']

/** The outcome of a rule: allowed, or the code of the refusal. */
function outcome(decide: () => unknown): string {
  try {
    const decided = decide()
    return typeof decided === 'string' ? decided : 'yes'
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
}

/** The outcomes for all callers in the order of `callers`, one word each. */
const forAll = (decide: (caller: Caller) => unknown) =>
  Object.values(callers)
    .map((caller) => outcome(() => decide(caller)))
    .join(' ')

describe('reading a list, for an anonymous caller, the owner, a peer, a third person and an administrator (Z1)', () => {
  const all = 'yes yes yes yes yes'
  const signedIn = 'unauthenticated yes yes yes yes'
  const own = 'unauthenticated yes forbidden forbidden forbidden'
  const none = 'unauthenticated forbidden forbidden forbidden forbidden'
  test.each([
    ['accepted', true, false, all],
    ['accepted', true, true, signedIn],
    ['accepted', false, false, all],
    ['accepted', false, true, signedIn],
    ['pending', true, false, own],
    ['pending', true, true, own],
    ['pending', false, false, none],
    ['pending', false, true, none],
    ['unconfirmed', true, false, own],
    ['unconfirmed', true, true, own],
    ['unconfirmed', false, false, none],
    ['unconfirmed', false, true, none],
  ] as const)('%s, person exists: %s, sign-in required: %s', (status, isKnown, requires, expected) => {
    const ownerId = isKnown ? owner.id : undefined
    expect(forAll((caller) => rules.checkMayList(caller, ownerId, status, requires))).toBe(expected)
  })
})

describe('the visible parts of a connection (Z1)', () => {
  const seen = (caller: Caller, status: Status) => {
    const shown = rules.visibleTo(caller, colleague(owner, peer, { status, message: 'hello' }))
    return shown ? (shown.message === '' ? 'silent' : 'message') : 'nothing'
  }
  test.each([
    ['accepted', 'silent message silent silent silent'],
    ['pending', 'nothing message silent nothing nothing'],
    ['unconfirmed', 'nothing message silent nothing nothing'],
  ] as const)('%s', (status, expected) => {
    expect(forAll((caller) => seen(caller, status))).toBe(expected)
  })
  test('nothing is visible of a connection that does not exist', () => {
    expect(Object.values(callers).map((caller) => rules.visibleTo(caller, undefined))).toEqual(
      Object.values(callers).map(() => undefined),
    )
  })
})

describe('the effect of a new status, for the owner, the peer, a third person and an administrator (Z1)', () => {
  const signedIn = [owner, peer, third, admin]
  /** A pending view belongs to the invited person, an unconfirmed one to the inviter. */
  const state = (status: Status): Colleague =>
    colleague(owner, peer, { status, inviter: status === 'pending' ? peer : owner })
  test.each([
    ['pending', 'accepted', 'accepted forbidden forbidden forbidden'],
    ['pending', 'pending', 'rewritten rewritten forbidden forbidden'],
    ['pending', 'unconfirmed', 'invalid invalid forbidden forbidden'],
    ['unconfirmed', 'accepted', 'forbidden accepted forbidden forbidden'],
    ['unconfirmed', 'pending', 'rewritten rewritten forbidden forbidden'],
    ['unconfirmed', 'unconfirmed', 'invalid invalid forbidden forbidden'],
    ['accepted', 'accepted', 'rewritten rewritten forbidden forbidden'],
    ['accepted', 'pending', 'invalid invalid forbidden forbidden'],
    ['accepted', 'unconfirmed', 'invalid invalid forbidden forbidden'],
  ] as const)('from %s to %s', (from, to, expected) => {
    expect(signedIn.map((caller) => outcome(() => rules.statusChange(to, caller, state(from)))).join(' ')).toBe(
      expected,
    )
  })
  test.each(statuses)('both people may delete a connection that is %s', (status) => {
    const relationship = {
      connectionId: 'c',
      inviterId: owner.id,
      invitedId: peer.id,
      isAccepted: status === 'accepted',
    }
    expect(signedIn.map((caller) => outcome(() => rules.checkIsOneOf(caller, relationship))).join(' ')).toBe(
      'yes yes forbidden forbidden',
    )
  })
})

test('who may do the rest (Z1)', () => {
  expect(forAll((caller) => void rules.checkIsAdmin(caller))).toBe('unauthenticated forbidden forbidden forbidden yes')
  expect(forAll((caller) => void rules.signedIn(caller))).toBe('unauthenticated yes yes yes yes')
  expect(forAll((caller) => rules.checkMaySeeProfiles(caller, true))).toBe('unauthenticated yes yes yes yes')
  expect(forAll((caller) => rules.checkMaySeeProfiles(caller, false))).toBe('yes yes yes yes yes')
  const inactive = person('gone', { state: 'inactive' })
  for (const [inviter, invited, expected] of [
    [owner, peer, 'yes'],
    [owner, owner, 'invalid'],
    [owner, undefined, 'invalid'],
    [owner, inactive, 'invalid'],
    [inactive, owner, 'invalid'],
  ] as const) {
    expect(outcome(() => rules.checkMayInvite(inviter, invited))).toBe(expected)
  }
})

test.each([
  ['read', ['read'], 'yes'],
  ['write', ['read'], 'forbidden'],
  ['account', ['read', 'write'], 'forbidden'],
  ['read', ['write'], 'forbidden'],
  ['read', [], 'forbidden'],
  ['account', ['read', 'write', 'account'], 'yes'],
] as const)('a request that needs %s, with a credential for %j: %s (Z1)', (needed, rights, expected) => {
  expect(outcome(() => rules.checkRight(rights, needed))).toBe(expected)
})

test('no rule is missing here (Z1)', () => {
  expect(Object.keys(rules).sort()).toEqual([
    ...['checkIsAdmin', 'checkIsOneOf', 'checkMayInvite', 'checkMayInviteMore', 'checkMayList'],
    ...['checkMayNameByAddress', 'checkMaySeeProfiles', 'checkRight', 'invitationsADay', 'isOwner', 'signedIn'],
    ...['statusChange', 'visibleTo'],
  ])
})
