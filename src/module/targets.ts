import type { Account } from '../accounts/account.js'
import { findKnown, type Known } from '../connections/grants/directory-store.js'
import { noAccess } from '../connections/grants/access.js'
import type { Wanted } from '../connections/grants/sharing.js'
import type { Principal } from '../connections/grants/principal.js'
import { accessOfEach, typeOf, type World } from '../connections/grants/world.js'
import { Fault } from '../faults.js'
import { checkDefined, joinedPlaces } from './roles.js'
import { type Given, type Limits, merged, readTarget } from './target.js'

const most = 100

/**
 * Reads the targets of `create` and finds whom they mean; nothing is created where one of them is wrong (reference
 * connections-module.md, section 6).
 *
 * @param targets one object, or several
 * @throws Fault in the order of the contract's table
 */
export async function readTargets(
  world: World,
  principal: Principal,
  creator: Account,
  targets: unknown,
  limits: Limits,
): Promise<Wanted[]> {
  const several = Array.isArray(targets) ? (targets as unknown[]) : targets === undefined ? [] : [targets]
  const given = merged(Array.from(several, (each, index) => readTarget(each, `targets[${index}]`, creator, limits)))
  const ids = given.flatMap(({ id }) => id ?? [])
  const known = new Map((await findKnown(world.db, ids)).map((each) => [each.account.id, each]))
  for (const [id, { account }] of known) if (account.state !== 'active') known.delete(id)
  await checkAuto(
    world,
    principal,
    given.flatMap(({ id, auto }) => (auto && id !== null ? id : [])),
    known,
    limits,
  )
  const missing = ids.filter((id) => !known.has(id))
  if (missing.length > 0) throw new Fault('notFound.account', { path: missing.join(',') })
  if (ids.length > most) throw new Fault('tooLarge.connectionTargets', { path: String(ids.length) })
  if (given.length === 0) throw new Fault('invalidArgument.noConnectionTargets', { path: 'targets' })
  await checkDefined(world.db, joinedPlaces(...given.map(({ roles }) => roles)))
  return given.map((each) => wanted(each, known))
}

/** Whether those can be connected at once who are to be. */
async function checkAuto(
  world: World,
  principal: Principal,
  ids: readonly string[],
  known: ReadonlyMap<string, Known>,
  { type, skipAcl }: Limits,
): Promise<void> {
  if (ids.length === 0) return
  const accounts = ids.map((id) => ({ _id: id }))
  const access = await accessOfEach(world.db, typeOf(world, 'account'), accounts, principal)
  ids.forEach((id, index) => {
    const found = known.get(id)
    if (!found) throw new Fault('notFound.instance', { path: id })
    if (!skipAcl && (access[index] ?? noAccess).level < type.requiredAccess) {
      throw new Fault('accessDenied.autoConnectionRequiresAccess', { path: `${id}.${type.requiredAccess}` })
    }
    if (!found.verified) throw new Fault('accessDenied.connectionRequiresVerification', { path: id })
  })
}

/** An address stays an address, whether an account has it or not: the answer must not tell. */
function wanted({ id, email, roles, ...wish }: Given, known: ReadonlyMap<string, Known>): Wanted {
  return {
    ...wish,
    roles: [...roles.keys()],
    places: roles,
    account: id === null ? null : (known.get(id)?.account ?? null),
    email,
    named: id === null ? { email } : { _id: id },
  }
}
