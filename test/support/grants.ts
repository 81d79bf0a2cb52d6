import { Refusal } from '../../src/faults.js'
import type { Account } from '../../src/people/account.js'
import { principalFor } from '../../src/sharing/access.js'
import { type Grant, newGrant } from '../../src/sharing/grant.js'
import { complete, levels, type ObjectDefinition } from '../../src/sharing/object-types.js'
import { account } from './people.js'

/** Callers and connections of every kind, for the tables of the module's rules. */

export const person = (name: string, more: Partial<Account> = {}) =>
  account({ id: `id of ${name}`, email: `${name}@example.com`, name, ...more })
export const [owner, creator, target, addressed, other] = [
  ...(['owner', 'creator', 'target', 'addressed', 'other'] as const),
].map((name) => person(name)) as [Account, Account, Account, Account, Account]
export const callers: readonly (Account | null)[] = [null, owner, creator, target, addressed, other]
export const verified = (of: Account) => ({ account: of, verified: true })
export const as = (caller: Account | null, privileges = {}) =>
  principalFor(caller ? verified(caller) : undefined, privileges)

export const typeWith = (settings: Partial<ObjectDefinition> = {}) =>
  complete({
    name: 'thing',
    plural: 'things',
    load: () => Promise.resolve([]),
    owner: () => owner.id,
    properties: {},
    ...settings,
  })
export const type = typeWith()
export const context = { _id: 'context' }
export const moment = new Date('2026-03-05T00:00:00Z')
export const of = (level: number, ...roles: string[]) => ({ level, roles: new Set(roles), here: new Set(roles) })

export const grant = (more: Partial<Grant>): Grant =>
  newGrant(
    { object: 'thing', contextId: context._id, creatorId: creator.id, state: 'pending', appKey: 'app', ...more },
    { access: levels.read, roles: [], skipped: null, ...more },
    moment,
  )
export const grants = {
  invitation: grant({ targetId: target.id }),
  'invitation by address': grant({ targetEmail: 'addressed@example.com' }),
  'active connection': grant({ targetId: target.id, state: 'active' }),
  link: grant({ state: 'active' }),
}
export const kinds = Object.keys(grants) as (keyof typeof grants)[]

/** The outcome of a rule: its value, `yes`, or the code of the refusal with its path. */
export function outcome(decide: () => string | number | boolean | void): string {
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
export const forAll = (decide: (caller: Account | null) => string | number | boolean | void) =>
  callers.map((caller) => outcome(() => decide(caller))).join(', ')
