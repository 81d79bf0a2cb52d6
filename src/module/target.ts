import { type Account, isUuid } from '../accounts/account.js'
import { foldedEmail } from '../accounts/merge.js'
import { isMailAddress } from '../mailbox.js'
import { union } from '../connections/grants/access.js'
import { addressOf } from '../connections/grants/grant.js'
import type { Instance, ObjectType } from '../connections/grants/object-type.js'
import { Fault } from '../faults.js'
import { readOptionsAs, target as targetSchema } from './options.js'

/** A target as it was given, read but not looked for. */
export type Given = Named & Wishes

/** Either an id or an address. */
type Named = { readonly id: string; readonly email: null } | { readonly id: null; readonly email: string }

interface Wishes {
  readonly access: number
  readonly roles: readonly string[]
  readonly first: string | null
  readonly last: string | null
  readonly auto: boolean
}

/** What is shared, and whether targets may be connected at once. */
export interface Limits {
  readonly type: ObjectType
  readonly context: Instance
  readonly skipAcl: boolean
  readonly forceAuto: boolean
  readonly hidesEmail: boolean
}

/** Reads one target of `create`. @throws Fault in the order of the contract's table */
export function readTarget(value: unknown, creator: Account, { type, context, forceAuto, hidesEmail }: Limits): Given {
  if (typeof value !== 'object' || value === null) throw wrongTarget(told(value ?? 'null'), 'A target is an object.')
  const read = readOptionsAs(targetSchema, value)
  if (read.object !== null && !['account', 'accounts'].includes(read.object)) {
    throw wrongTarget(read.object, 'Only accounts can be connected.')
  }
  const named = nameOf(read)
  const { id, email } = named
  if (email !== null && hidesEmail) {
    throw wrongTarget('email', 'This site hides e-mail addresses; name people by _id.')
  }
  const self = [creator, ...(type.name === 'account' ? [{ id: context._id, email: addressIn(context) }] : [])]
  if (self.some((each) => (id === null ? email === addressOf(each) : id === each.id))) {
    throw wrongTarget('self', 'Nobody can be connected with themselves.')
  }
  if (read.auto && email !== null) throw new Fault('invalidArgument.autoConnectionRequiresId', { path: email })
  if (read.auto && type.requireAccept && !forceAuto) {
    throw new Fault('invalidArgument.requireConnectionAccept', { path: type.name })
  }
  const { first = null, last = null } = read.name ?? {}
  return { ...named, access: read.access, roles: read.roles, first, last, auto: read.auto }
}

const addressIn = ({ email }: Instance) => (typeof email === 'string' ? email : null)

/** @throws Fault `invalidArgument.connectionTarget` for what is neither an id nor an address */
function nameOf({ _id, email }: { readonly _id?: unknown; readonly email?: unknown }): Named {
  if (_id != null) {
    if (typeof _id === 'string' && isUuid(_id)) return { id: _id.toLowerCase(), email: null }
    throw wrongTarget(told(_id), 'An _id is a UUID.')
  }
  const address = typeof email === 'string' ? foldedEmail(email.trim()) : ''
  if (isMailAddress(address)) return { id: null, email: address }
  throw wrongTarget(address || told(email ?? ''), 'A target needs an _id or a valid e-mail address.')
}

/** What a program gave where something else was due; an object may not even have a text. */
const told = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : typeof value)

const wrongTarget = (path: string, reason: string) => new Fault('invalidArgument.connectionTarget', { path, reason })

/** One target that is given twice is one target. */
export function merged(given: readonly Given[]): Given[] {
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
  // A name is one thing: the first that was given.
  ...((one.first ?? one.last) === null && { first: other.first, last: other.last }),
  auto: one.auto && other.auto,
})
