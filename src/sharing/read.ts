import { insertEvents, write } from '../connections/transaction-store.js'
import { Refusal } from '../faults.js'
import { isUuid } from '../people/account.js'
import { type Access, noAccess, type Principal } from './access.js'
import {
  accessOf,
  type CallerScope,
  isValid,
  load,
  type ModuleContext,
  principalOf,
  tokenAgain,
  typeOf,
} from './context.js'
import { findByToken, findGrant, storeToken, takeUse } from './grant-store.js'
import { type Grant, isLink, isToken, tokenHash, tokenOf } from './grant.js'
import { type Instance, levels, type ObjectType } from './object-types.js'
import { readOptions, readOptionsAs, showingOf } from './options.js'
import {
  accountOf,
  badToken,
  checkMayRead,
  checkMaySeeToken,
  checkScope,
  checkVerified,
  levelToRead,
  opensFor,
} from './policy.js'
import { only, valueAt } from './query/map.js'
import { show } from './show.js'

/**
 * Implements `read` of `Connections`. Spends a use of a link after all checks and before anything is returned, so that
 * a refused read costs no use (docs/trust.md, C5).
 */
export async function read(scope: CallerScope, tokenOrId: unknown, options: unknown): Promise<unknown> {
  const { module } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'read')
  const asked = readOptionsAs(readOptions, options)
  const { which, path } = readGrantRef(tokenOrId)
  const skipAcl = asked.skipAcl || principal.skipAcl
  const grant = await readable(module, principal, which, skipAcl)
  const isHolder = 'token' in which
  if (principal.account !== null && !asked.skipAccountTest) checkVerified(principal)

  const reached = reachedBy(path)
  const showing = showingOf({ ...asked, expand: [...asked.expand, ...reached.expand] }, { skipAcl, isHolder })
  const wanted = { ...showing, optional: new Set([...showing.optional, ...reached.optional]) }
  const [shown] = await show(module, principal, [grant], wanted)
  const value = path.length > 0 ? valueFound(module, grant, shown as object, path) : undefined
  // A link without a use limit needs no write.
  const isCounted = isHolder && isLink(grant) && grant.usesRemaining !== null
  const left = isCounted ? await spendUse(module, principal, grant) : null
  if (path.length > 0) return value
  const whole = { ...shown, ...(left !== null && { usesRemaining: left }) }
  return asked.paths.length > 0 ? only(whole, asked.paths) : whole
}

const ofReference = new Set(['_id', 'object', 'path'])

/** The references to expand and the optional properties to show in order to follow a path. */
function reachedBy(path: readonly string[]): { expand: string[]; optional: string[] } {
  const [first = '', second, third] = path
  if (first === 'target') return { expand: third && !ofReference.has(third) ? ['target.account'] : [], optional: [] }
  if (second === undefined || ofReference.has(second)) return { expand: [], optional: [] }
  return { expand: [first], optional: first === 'context' ? [second] : [] }
}

/** @throws Refusal `accessDenied.unspecified` for a hidden value, `notFound.unspecified` for a missing one */
function valueFound(module: ModuleContext, grant: Grant, shown: object, path: readonly string[]): unknown {
  const value = valueAt(shown, path)
  if (value !== undefined) return value
  const { at, object } = referenceOf(grant, path)
  const property = path[at.length] ?? ''
  const isDeclared = object !== undefined && Object.hasOwn(typeOf(module, object).properties, property)
  const isHidden = isDeclared && valueAt(shown, [...at, property]) === undefined
  throw new Refusal(isHidden ? 'accessDenied.unspecified' : 'notFound.unspecified', { path: path.join('.') })
}

/** The reference that a path leads through, and the type of its object. */
function referenceOf({ object }: Grant, [first = '', second]: readonly string[]): { at: string[]; object?: string } {
  if (first === 'context') return { at: [first], object }
  if (first === 'creator') return { at: [first], object: 'account' }
  return first === 'target' && second === 'account' ? { at: [first, second], object: 'account' } : { at: [first] }
}

/**
 * Spends one use of a link.
 *
 * @returns the remaining uses
 * @throws Refusal `invalidArgument.connectionToken` if another read spent the last use, or the link is no longer valid
 */
async function spendUse(
  module: ModuleContext,
  { account, requestId }: Principal,
  grant: Grant,
): Promise<number | null> {
  const { id, object, contextId } = grant
  const type = typeOf(module, object)
  const context = await load(type, contextId)
  return write(module.db, async (transaction, eventId) => {
    if (!(await isValid(transaction, type, context, grant))) throw badToken()
    const spent = await takeUse(transaction, id)
    if (!spent) throw badToken()
    const detail = { left: spent.left, request: requestId }
    const event = { connectionId: id, actorId: account?.id ?? null, verb: 'used' as const, detail }
    await insertEvents(transaction, eventId, [event], spent.moment)
    return spent.left
  })
}

/**
 * Implements `getToken` of `Connections`. Makes a new token if an invitation has none, because the Atom API or an
 * import made it, or if its token was derived from a secret that is not configured.
 */
export async function getToken(scope: CallerScope, id: unknown): Promise<string | null> {
  const { module } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'read')
  const { which } = readGrantRef(id)
  if ('token' in which)
    throw new Refusal('invalidArgument.unspecified', { path: 'id', reason: 'An id must be a UUID.' })
  const grant = await readable(module, principal, which, principal.skipAcl)
  if (grant.state === 'active' && !isLink(grant)) return null
  const own = isLink(grant) ? await accessToContext(module, principal, grant) : noAccess
  checkMaySeeToken(grant, principal, own)
  const token = tokenAgain(module, grant)
  if (token !== null || isLink(grant)) return token
  const [key] = module.tokenKeys
  const fresh = tokenOf(key, grant.id)
  return (await storeToken(module.db, grant.id, tokenHash(fresh), key.id)) ? fresh : null
}

/** The id or the token of a connection, distinguished by form (docs/trust.md, Z7). */
type GrantRef = { readonly id: string } | { readonly token: string }

/**
 * Reads `<id or token>` with an optional path: `/context/name/first` or `.context.name.first`. Names are
 * percent-encoded, since an id in the path may contain a slash or a dot.
 *
 * @throws Refusal `invalidArgument.unspecified` for another form, or for invalid percent-encoding
 */
export function readGrantRef(given: unknown): { which: GrantRef; path: readonly string[] } {
  const [name = '', ...path] = typeof given === 'string' ? given.split(/[/.]/).map(decoded) : []
  if (isUuid(name)) return { which: { id: name.toLowerCase() }, path }
  if (isToken(name)) return { which: { token: name }, path }
  throw new Refusal('invalidArgument.unspecified', {
    path: 'tokenOrId',
    reason: 'An id must be a UUID, and a token must have 32 letters or digits.',
  })
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    const reason = 'The percent-encoding is invalid or not UTF-8. Write a literal percent sign as %25.'
    throw new Refusal('invalidArgument.unspecified', { path: 'tokenOrId', reason })
  }
}

/**
 * Finds a connection that the caller may read (docs/module.md, read).
 *
 * @throws Refusal as `byId` and `byToken`; `accessDenied.connection` by id
 */
export async function readable(
  module: ModuleContext,
  principal: Principal,
  which: GrantRef,
  skipAcl: boolean,
): Promise<Grant> {
  if ('token' in which) return byToken(module, principal, which.token, skipAcl)
  const grant = await byId(module, principal, which.id)
  if (skipAcl || levelToRead(grant, principal.account) === levels.none) return grant
  checkMayRead(grant, principal.account, await accessToContext(module, principal, grant))
  return grant
}

/**
 * Finds the connection with an id.
 *
 * @throws Refusal `accessDenied.notLoggedIn` for an anonymous caller, `notFound.unspecified` for an unknown id
 */
export async function byId({ db }: ModuleContext, principal: Principal, id: string): Promise<Grant> {
  accountOf(principal)
  const grant = await findGrant(db, id)
  if (grant) return grant
  throw new Refusal('notFound.unspecified', { path: id })
}

/** Finds the connection that a token opens for the caller. @throws Refusal `invalidArgument.connectionToken` */
export async function byToken(
  module: ModuleContext,
  { account }: Principal,
  token: string,
  skipAcl: boolean,
): Promise<Grant> {
  const { grant } = await openToken(module, token)
  if (skipAcl || opensFor(grant, account)) return grant
  throw badToken()
}

/** An invitation or a link, with its type and its context. The context is undefined if it no longer exists. */
export interface Opened {
  readonly grant: Grant
  readonly type: ObjectType
  readonly context: Instance | undefined
}

/** Finds the valid connection of a token. @throws Refusal `invalidArgument.connectionToken` */
export async function openToken(module: ModuleContext, token: string): Promise<Opened> {
  const grant = await findByToken(module.db, tokenHash(token))
  const type = grant && module.types.find(grant.object)
  if (!grant || !type || !(grant.state === 'pending' || isLink(grant))) throw badToken()
  const context = await load(type, grant.contextId)
  if (await isValid(module.db, type, context, grant)) return { grant, type, context }
  throw badToken()
}

/** The caller's access to the context of a connection; none if the context is gone. */
async function accessToContext(module: ModuleContext, principal: Principal, grant: Grant): Promise<Access> {
  const type = typeOf(module, grant.object)
  const context = await load(type, grant.contextId)
  return context ? accessOf(module.db, type, context, principal) : noAccess
}
