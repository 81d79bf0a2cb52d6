import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { type FaultTarget, Refusal } from '../faults.js'
import { isMailAddress } from '../formats.js'
import { type Account, isUuid } from '../people/account.js'
import { findKnownAccounts, findRoles, hasApp, type KnownAccount } from '../people/known-store.js'
import { foldedEmail } from '../people/merge.js'
import { noAccess, type Principal, type ShareRequest, type Wish } from './access.js'
import { accessOf, accessOfEach, load, type ModuleContext, typeOf } from './context.js'
import { idReason, isContextId } from './grant.js'
import type { Instance, ObjectType } from './object-types.js'
import { readOptionsAs, target as targetSchema } from './options.js'
import { accountOf, checkScope, checkVerified } from './policy.js'
import { isNamesAndValues } from './query/document.js'
import { checkMayConnectAtOnce, checkMayShare, checkTakesConnections, checkTarget, type Named } from './share-policy.js'

/**
 * Finds a context that the caller may share (docs/module.md, create).
 *
 * @param objects the type of the object, in singular or plural
 * @throws Refusal in the order of the table (docs/module.md, create)
 */
export async function shareable(
  module: ModuleContext,
  principal: Principal,
  objects: string,
  id: string,
  { skipAcl, isForced }: { readonly skipAcl: boolean; readonly isForced: boolean },
): Promise<{ type: ObjectType; context: Instance; creator: Account }> {
  checkScope(principal, 'create')
  const creator = accountOf(principal)
  checkVerified(principal)
  const type = typeOf(module, objects)
  checkTakesConnections(type, isForced)
  if (!isContextId(id)) throw new Refusal('invalidArgument.unspecified', { path: 'id', reason: idReason(type.name) })
  const context = await load(type, id)
  if (!context) throw new Refusal('notFound.instance', { path: id })
  if (!skipAcl) checkMayShare(await accessOf(module.db, type, context, principal), creator, false)
  return { type, context, creator }
}

/** The app of new connections: the caller's, else the passed one; null if neither exists. */
export async function appKeyOf(
  { db }: ModuleContext,
  own: string | null,
  passed: string | null,
): Promise<string | null> {
  for (const key of [own, passed]) if (key !== null && (await hasApp(db, key))) return key
  return null
}

/** Requested roles, each with the first place of its name, such as `targets[0].roles[1]`. */
export type Places = ReadonlyMap<string, string>

/** Pairs each role with its place. @param at place of the list of roles */
export const placesOf = (roles: readonly string[], at: string): Places =>
  joinedPlaces(...roles.map((role, index) => new Map([[role, `${at}[${index}]`]])))

const joinedPlaces = (...all: readonly Places[]): Places => {
  const joined = new Map<string, string>()
  for (const places of all) for (const [role, at] of places) if (!joined.has(role)) joined.set(role, at)
  return joined
}

/** @throws Refusal `invalidArgument.roles` for a role that is not defined */
export async function checkDefined(db: Kysely<Tables>, places: Places): Promise<void> {
  const defined = await findRoles(db, [...places.keys()])
  for (const [role, path] of places) {
    if (!defined.has(role)) throw new Refusal('invalidArgument.roles', { path, reason: 'There is no such role.' })
  }
}

/** A target of `create` after its look-up. */
export interface Target extends Wish {
  readonly places: Places
  /** Null for a target by address, even if an account has the address: the result must not reveal accounts. */
  readonly account: Account | null
  /** Folded by `foldedEmail`; null for an account. */
  readonly email: string | null
  readonly first: string | null
  readonly last: string | null
  /** Whether the connection becomes active at once. */
  readonly auto: boolean
  /** Identifies the target in faults. */
  readonly named: FaultTarget
}

/** The settings of a `create` call that limit its targets. */
type Limits = Pick<ShareRequest, 'type' | 'context' | 'creator' | 'skipAcl'> & { readonly forceAuto: boolean }

const maxTargets = 100

/**
 * Reads and finds the targets of `create`.
 *
 * @param targets one object, or several
 * @throws Refusal in the order of the table (docs/module.md, create)
 */
export async function readTargets(
  module: ModuleContext,
  principal: Principal,
  targets: unknown,
  limits: Limits,
): Promise<Target[]> {
  const several = Array.isArray(targets) ? (targets as unknown[]) : targets === undefined ? [] : [targets]
  const parsed = merged(Array.from(several, (each, index) => parseTarget(module, each, `targets[${index}]`, limits)))
  const ids = parsed.flatMap(({ id }) => id ?? [])
  const known = new Map((await findKnownAccounts(module.db, ids)).map((each) => [each.account.id, each]))
  for (const [id, { account }] of known) if (account.state !== 'active') known.delete(id)
  const atOnce = parsed.flatMap(({ id, auto }) => (auto && id !== null ? id : []))
  await checkAtOnce(module, principal, atOnce, known, limits)
  const missing = ids.filter((id) => !known.has(id))
  if (missing.length > 0) throw new Refusal('notFound.account', { path: missing.join(',') })
  if (ids.length > maxTargets) throw new Refusal('tooLarge.connectionTargets', { path: String(ids.length) })
  if (parsed.length === 0) throw new Refusal('invalidArgument.noConnectionTargets', { path: 'targets' })
  await checkDefined(module.db, joinedPlaces(...parsed.map(({ places }) => places)))
  return parsed.map(({ id, email, places, ...wish }) => ({
    ...wish,
    roles: [...places.keys()],
    places,
    account: id === null ? null : (known.get(id)?.account ?? null),
    email,
    named: id === null ? { email } : { _id: id },
  }))
}

async function checkAtOnce(
  module: ModuleContext,
  principal: Principal,
  ids: readonly string[],
  known: ReadonlyMap<string, KnownAccount>,
  limits: Limits,
): Promise<void> {
  if (ids.length === 0) return
  const accounts = ids.map((id) => ({ _id: id }))
  const access = await accessOfEach(module.db, typeOf(module, 'account'), accounts, principal)
  ids.forEach((id, index) => checkMayConnectAtOnce(id, known.get(id), access[index] ?? noAccess, limits))
}

/** A target of `create` before its look-up. */
type ParsedTarget = Named & Pick<Target, 'access' | 'places' | 'first' | 'last' | 'auto'>

/** @param at place of the target, for faults */
function parseTarget({ presenter }: ModuleContext, value: unknown, at: string, limits: Limits): ParsedTarget {
  if (!isNamesAndValues(value)) throw wrongTarget(at, 'A target must be an object.')
  const read = readOptionsAs(targetSchema, value, at)
  if (read.object != null && !['account', 'accounts'].includes(read.object as string)) {
    throw wrongTarget(asText(read.object), `${at}: only accounts can be connected.`)
  }
  const named = nameOf(read, at)
  const { forceAuto } = limits
  checkTarget(named, read.auto ?? false, at, limits, { forceAuto, takesAddresses: presenter.takesAddresses })
  const { first = null, last = null } = read.name ?? {}
  const auto = read.auto ?? (forceAuto && named.id !== null)
  return { ...named, access: read.access, places: placesOf(read.roles, `${at}.roles`), first, last, auto }
}

function nameOf({ _id, email }: { readonly _id?: unknown; readonly email?: unknown }, at: string): Named {
  if (_id != null) {
    if (typeof _id === 'string' && isUuid(_id)) return { id: _id.toLowerCase(), email: null }
    throw wrongTarget(asText(_id) || at, `${at}: an _id must be a UUID.`)
  }
  const address = typeof email === 'string' ? foldedEmail(email.trim()) : ''
  if (isMailAddress(address) && address.length <= maxAddressLength) return { id: null, email: address }
  throw wrongTarget(
    address.slice(0, maxAddressLength) || asText(email ?? '').trim() || at,
    `${at}: a target must have an _id or a valid e-mail address.`,
  )
}

/** A value as text, for a fault; the type of any other value, since some objects cannot be converted to text. */
const asText = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, maxAddressLength) : typeof value

/** The maximum length of an e-mail address (RFC 5321, 4.5.3.1.3). */
const maxAddressLength = 254

const wrongTarget = (path: string, reason: string) => new Refusal('invalidArgument.connectionTarget', { path, reason })

/** Merges targets with the same id or address. */
function merged(targets: readonly ParsedTarget[]): ParsedTarget[] {
  const byName = new Map<string, ParsedTarget>()
  for (const each of targets) {
    const name = each.id ?? each.email
    const known = byName.get(name)
    byName.set(name, known ? both(known, each) : each)
  }
  return [...byName.values()]
}

const both = (one: ParsedTarget, other: ParsedTarget): ParsedTarget => ({
  ...one,
  access: Math.max(one.access, other.access),
  places: joinedPlaces(one.places, other.places),
  // Both parts of a name come from one target, the first that has a name.
  ...((one.first ?? one.last) === null && { first: other.first, last: other.last }),
  auto: one.auto && other.auto,
})
