import { type Account, isUuid } from '../accounts/account.js'
import { foldedEmail } from '../accounts/merge.js'
import { findNamed } from '../accounts/several-store.js'
import { isMailAddress } from '../config.js'
import { findKnown, findRoles, type Known } from '../connections/grants/directory-store.js'
import type { Wanted } from '../connections/grants/sharing.js'
import { union } from '../connections/grants/access.js'
import { addressOf } from '../connections/grants/grant.js'
import type { Instance, ObjectType } from '../connections/grants/object-type.js'
import type { Principal } from '../connections/grants/principal.js'
import { accessOf, typeOf, type World } from '../connections/grants/world.js'
import { Fault } from '../faults.js'
import { readOptionsAs, target as targetSchema } from './options.js'

const most = 100

type Given = Named & Wishes

/** Either an id or an address. */
type Named = { readonly id: string; readonly email: null } | { readonly id: null; readonly email: string }

interface Wishes {
  readonly access: number
  readonly roles: readonly string[]
  readonly first: string | null
  readonly last: string | null
  readonly auto: boolean
}

interface Limits {
  readonly type: ObjectType
  readonly context: Instance
  readonly skipAcl: boolean
  readonly forceAuto: boolean
  readonly hidesEmail: boolean
}

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
  const given = merged(several.map((each) => readTarget(each, creator, limits)))
  const ids = given.flatMap(({ id }) => id ?? [])
  const known = new Map((await findKnown(world.db, ids)).map((each) => [each.account.id, each]))
  for (const [id, { account }] of known) if (account.state !== 'active') known.delete(id)
  for (const { id, auto } of given)
    if (id !== null && auto) await checkAuto(world, principal, id, known.get(id), limits)
  const missing = ids.filter((id) => !known.has(id))
  if (missing.length > 0) throw new Fault('notFound.account', { path: missing.join(',') })
  if (ids.length > most) throw new Fault('tooLarge.connectionTargets', { path: String(ids.length) })
  if (given.length === 0) throw new Fault('invalidArgument.noConnectionTargets', { path: 'targets' })
  const roles = await findRoles(
    world.db,
    given.flatMap(({ roles }) => roles),
  )
  const emails = given.flatMap(({ email }) => email ?? [])
  const owners = new Map(
    (await findNamed(world.db, { by: 'email', values: emails })).map((each) => [addressOf(each), each]),
  )
  return given.map((each) => wanted(each, known, owners, roles))
}

function readTarget(value: unknown, creator: Account, { type, context, forceAuto, hidesEmail }: Limits): Given {
  if (typeof value !== 'object' || value === null) throw wrongTarget(String(value), 'A target is an object.')
  const read = readOptionsAs(targetSchema, value)
  if (read.object !== null && !['account', 'accounts'].includes(read.object)) {
    throw wrongTarget(read.object, 'Only accounts can be connected.')
  }
  const id = read._id?.toLowerCase() ?? null
  if (id !== null && !isUuid(id)) throw wrongTarget(id, 'An _id is a UUID.')
  const named: Named = id === null ? { id, email: foldedEmail(read.email?.trim() ?? '') } : { id, email: null }
  const { email } = named
  if (email !== null && hidesEmail) {
    throw wrongTarget('email', 'This site hides e-mail addresses; name people by _id.')
  }
  if (email !== null && !isMailAddress(email)) {
    throw wrongTarget(email, 'A target needs an _id or a valid e-mail address.')
  }
  const isContext = type.name === 'account' && id === context._id
  if (id === creator.id || isContext || (email !== null && email === addressOf(creator))) {
    throw wrongTarget('self', 'Nobody can be connected with themselves.')
  }
  if (read.auto && email !== null) throw new Fault('invalidArgument.autoConnectionRequiresId', { path: email })
  if (read.auto && type.requireAccept && !forceAuto) {
    throw new Fault('invalidArgument.requireConnectionAccept', { path: type.name })
  }
  const { first = null, last = null } = read.name ?? {}
  return { ...named, access: read.access, roles: read.roles, first, last, auto: read.auto }
}

const wrongTarget = (path: string, reason: string) => new Fault('invalidArgument.connectionTarget', { path, reason })

/** One target that is given twice is one target. */
function merged(given: readonly Given[]): Given[] {
  const byName = new Map<string, Given>()
  for (const each of given) {
    const name = each.id ?? each.email
    const known = byName.get(name)
    byName.set(name, known ? both(known, each) : each)
  }
  return [...byName.values()]
}

const both = (one: Given, other: Given): Given => ({
  ...one,
  access: Math.max(one.access, other.access),
  roles: union(one.roles, other.roles),
  first: one.first ?? other.first,
  last: one.last ?? other.last,
  auto: one.auto && other.auto,
})

async function checkAuto(
  world: World,
  principal: Principal,
  id: string,
  known: Known | undefined,
  { type, skipAcl }: Limits,
): Promise<void> {
  if (!known) throw new Fault('notFound.instance', { path: id })
  const accounts = typeOf(world, 'account')
  const { level } = await accessOf(world.db, accounts, { _id: id }, principal)
  if (!skipAcl && level < type.requiredAccess) {
    throw new Fault('accessDenied.autoConnectionRequiresAccess', { path: `${id}.${type.requiredAccess}` })
  }
  if (!known.verified) throw new Fault('accessDenied.connectionRequiresVerification', { path: id })
}

function wanted(
  given: Given,
  known: ReadonlyMap<string, Known>,
  owners: ReadonlyMap<string | null, Account>,
  existing: ReadonlySet<string>,
): Wanted {
  const { id, email, roles, access, first, last, auto } = given
  return {
    access,
    first,
    last,
    auto,
    roles: [...new Set(roles)].filter((role) => existing.has(role)),
    account: id === null ? null : (known.get(id)?.account ?? null),
    email,
    owner: email === null ? null : (owners.get(email) ?? null),
    named: given.id === null ? { email: given.email } : { _id: given.id },
  }
}
