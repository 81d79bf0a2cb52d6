import { Fault } from '../faults.js'
import { isMailAddress } from '../formats.js'
import { type Account, isUuid } from '../people/account.js'
import { findKnownAccounts, type KnownAccount } from '../people/known-store.js'
import { foldedEmail } from '../people/merge.js'
import { noAccess, type Principal } from './access.js'
import { accessOfEach, type ModuleContext, typeOf } from './context.js'
import { addressOf } from './grant.js'
import type { Instance, ObjectType } from './object-types.js'
import { readOptionsAs, target as targetSchema } from './options.js'
import { isNamesAndValues } from './query/document.js'
import { checkDefined, joinedPlaces, type Places, placesOf, type Target } from './share.js'

const maxTargets = 100

/**
 * Reads the targets of `create` and finds whom they mean; nothing is created where one of them is wrong
 * (docs/module.md, create).
 *
 * @param targets one object, or several
 * @throws Fault in the order of the table (docs/module.md, create)
 */
export async function readTargets(
  module: ModuleContext,
  principal: Principal,
  creator: Account,
  targets: unknown,
  limits: Limits,
): Promise<Target[]> {
  const several = Array.isArray(targets) ? (targets as unknown[]) : targets === undefined ? [] : [targets]
  const given = merged(Array.from(several, (each, index) => readTarget(each, `targets[${index}]`, creator, limits)))
  const ids = given.flatMap(({ id }) => id ?? [])
  const known = new Map((await findKnownAccounts(module.db, ids)).map((each) => [each.account.id, each]))
  for (const [id, { account }] of known) if (account.state !== 'active') known.delete(id)
  await checkAuto(
    module,
    principal,
    given.flatMap(({ id, auto }) => (auto && id !== null ? id : [])),
    known,
    limits,
  )
  const missing = ids.filter((id) => !known.has(id))
  if (missing.length > 0) throw new Fault('notFound.account', { path: missing.join(',') })
  if (ids.length > maxTargets) throw new Fault('tooLarge.connectionTargets', { path: String(ids.length) })
  if (given.length === 0) throw new Fault('invalidArgument.noConnectionTargets', { path: 'targets' })
  await checkDefined(module.db, joinedPlaces(...given.map(({ roles }) => roles)))
  return given.map((each) => targetOf(each, known))
}

/** Whether those can be connected at once who are to be. */
async function checkAuto(
  module: ModuleContext,
  principal: Principal,
  ids: readonly string[],
  known: ReadonlyMap<string, KnownAccount>,
  { type, skipAcl }: Limits,
): Promise<void> {
  if (ids.length === 0) return
  const accounts = ids.map((id) => ({ _id: id }))
  const access = await accessOfEach(module.db, typeOf(module, 'account'), accounts, principal)
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
function targetOf({ id, email, roles, ...wish }: ParsedTarget, known: ReadonlyMap<string, KnownAccount>): Target {
  return {
    ...wish,
    roles: [...roles.keys()],
    places: roles,
    account: id === null ? null : (known.get(id)?.account ?? null),
    email,
    named: id === null ? { email } : { _id: id },
  }
}

/** A target as it was given, read but not looked for. */
type ParsedTarget = Named & Wishes

/** Either an id or an address. */
type Named = { readonly id: string; readonly email: null } | { readonly id: null; readonly email: string }

interface Wishes {
  readonly access: number
  readonly roles: Places
  readonly first: string | null
  readonly last: string | null
  readonly auto: boolean
}

/** What is shared, and whether targets may be connected at once. */
interface Limits {
  readonly type: ObjectType
  readonly context: Instance
  readonly skipAcl: boolean
  readonly forceAuto: boolean
  readonly hidesEmail: boolean
}

/**
 * Reads one target of `create`.
 *
 * @param at its place, for faults: `targets[2]`
 * @throws Fault in the order of the table (docs/module.md, create)
 */
function readTarget(
  value: unknown,
  at: string,
  creator: Account,
  { type, context, forceAuto, hidesEmail }: Limits,
): ParsedTarget {
  if (!isNamesAndValues(value)) throw wrongTarget(at, 'A target is an object.')
  const read = readOptionsAs(targetSchema, value, at)
  if (read.object != null && !['account', 'accounts'].includes(read.object as string)) {
    throw wrongTarget(asText(read.object), `${at}: only accounts can be connected.`)
  }
  const named = nameOf(read, at)
  const { id, email } = named
  if (email !== null && hidesEmail) {
    throw wrongTarget('email', 'This site hides e-mail addresses; name people by _id.')
  }
  const self = [creator, ...(type.name === 'account' ? [{ id: context._id, email: addressIn(context) }] : [])]
  if (self.some((each) => (id === null ? email === addressOf(each) : id === each.id))) {
    throw wrongTarget('self', `${at}: nobody can be connected with themselves.`)
  }
  if (read.auto && email !== null) throw new Fault('invalidArgument.autoConnectionRequiresId', { path: email })
  if (read.auto && type.requireAccept && !forceAuto) {
    throw new Fault('invalidArgument.requireConnectionAccept', { path: type.name })
  }
  const { first = null, last = null } = read.name ?? {}
  const roles = placesOf(read.roles, `${at}.roles`)
  return { ...named, access: read.access, roles, first, last, auto: read.auto ?? (forceAuto && id !== null) }
}

const addressIn = ({ email }: Instance) => (typeof email === 'string' ? email : null)

/** @throws Fault `invalidArgument.connectionTarget` for what is neither an id nor an address */
function nameOf({ _id, email }: { readonly _id?: unknown; readonly email?: unknown }, at: string): Named {
  if (_id != null) {
    if (typeof _id === 'string' && isUuid(_id)) return { id: _id.toLowerCase(), email: null }
    throw wrongTarget(asText(_id) || at, `${at}: an _id is a UUID.`)
  }
  const address = typeof email === 'string' ? foldedEmail(email.trim()) : ''
  if (isMailAddress(address) && address.length <= maxAddressLength) return { id: null, email: address }
  throw wrongTarget(
    address.slice(0, maxAddressLength) || asText(email ?? '').trim() || at,
    `${at}: a target needs an _id or a valid e-mail address.`,
  )
}

/** The given value as text, for a fault; an object may not even have one. */
const asText = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, maxAddressLength) : typeof value

/** The longest that e-mail can be sent to (RFC 5321, 4.5.3.1.3). */
const maxAddressLength = 254

const wrongTarget = (path: string, reason: string) => new Fault('invalidArgument.connectionTarget', { path, reason })

/** Merges the targets that name one id or one address. */
function merged(given: readonly ParsedTarget[]): ParsedTarget[] {
  const byName = new Map<string, ParsedTarget>()
  for (const each of given) {
    const name = each.id ?? each.email
    const known = byName.get(name)
    byName.set(name, known ? both(known, each) : each)
  }
  return [...byName.values()]
}

const both = (one: ParsedTarget, other: ParsedTarget): ParsedTarget => ({
  ...one,
  access: Math.max(one.access, other.access),
  roles: joinedPlaces(one.roles, other.roles),
  // A name is one thing: the first that was given.
  ...((one.first ?? one.last) === null && { first: other.first, last: other.last }),
  auto: one.auto && other.auto,
})
