import { insertEvents, write } from '../connections/transaction-store.js'
import { Fault } from '../faults.js'
import { checkScope, checkVerified, noAccess, type Principal } from './access.js'
import { type CallerScope, load, type ModuleContext, newToken, principalOf, tokenAgain, typeOf } from './context.js'
import { accessToContext, only, readable, readGrantRef, valueAt } from './find.js'
import { storeToken, takeUse } from './grant-store.js'
import { type Grant, isLink } from './grant.js'
import { readOptions, readOptionsAs } from './options.js'
import { maySeeToken, show } from './show.js'
import { showingOf } from './shown.js'
import { badToken, isValid } from './valid.js'

/**
 * Implements `read` of `Connections`. A use of a link is spent once all else is well, and before anything is handed
 * out: what is refused costs nothing (docs/trust.md, C5).
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
  // Without a count there is nothing to write.
  const isCounted = isHolder && isLink(grant) && grant.usesRemaining !== null
  const left = isCounted ? await spendUse(module, principal, grant) : null
  if (path.length > 0) return value
  const whole = { ...shown, ...(left !== null && { usesRemaining: left }) }
  return asked.paths.length > 0 ? only(whole, asked.paths) : whole
}

const ofReference = new Set(['_id', 'object', 'path'])

/** What has to be expanded for a path to be there. */
function reachedBy(path: readonly string[]): { expand: string[]; optional: string[] } {
  const [first = '', second, third] = path
  if (first === 'target') return { expand: third && !ofReference.has(third) ? ['target.account'] : [], optional: [] }
  if (second === undefined || ofReference.has(second)) return { expand: [], optional: [] }
  return { expand: [first], optional: first === 'context' ? [second] : [] }
}

/**
 * @throws Fault `accessDenied.unspecified` for what the caller may not see, `notFound.unspecified` for what is not
 * there
 */
function valueFound(module: ModuleContext, grant: Grant, shown: object, path: readonly string[]): unknown {
  const value = valueAt(shown, path)
  if (value !== undefined) return value
  const { at, object } = referenceOf(grant, path)
  const property = path[at.length] ?? ''
  const isDeclared = object !== undefined && Object.hasOwn(typeOf(module, object).properties, property)
  const isHidden = isDeclared && valueAt(shown, [...at, property]) === undefined
  throw new Fault(isHidden ? 'accessDenied.unspecified' : 'notFound.unspecified', { path: path.join('.') })
}

/** The reference that a path leads through, and the type of what is referred to. */
function referenceOf({ object }: Grant, [first = '', second]: readonly string[]): { at: string[]; object?: string } {
  if (first === 'context') return { at: [first], object }
  if (first === 'creator') return { at: [first], object: 'account' }
  return first === 'target' && second === 'account' ? { at: [first, second], object: 'account' } : { at: [first] }
}

/**
 * Spends one use of a link, and keeps that it was used.
 *
 * @returns how many uses are left
 * @throws Fault `invalidArgument.connectionToken` if the last one was spent meanwhile, or the link is not valid any more
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
 * Implements `getToken` of `Connections`: for whoever may read the connection, as far as `token` would be shown. An
 * invitation that came by the Atom door or by an import gets its token when it is asked for.
 */
export async function getToken(scope: CallerScope, id: unknown): Promise<string | null> {
  const { module } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'read')
  const { which } = readGrantRef(id)
  if ('token' in which) throw new Fault('invalidArgument.unspecified', { path: 'id', reason: 'An id is a UUID.' })
  const grant = await readable(module, principal, which, principal.skipAcl)
  if (grant.state === 'active' && !isLink(grant)) return null
  const own = isLink(grant) ? await accessToContext(module, principal, grant) : noAccess
  if (!principal.skipAcl && !maySeeToken(principal, grant, own, { isHolder: false })) {
    throw new Fault('accessDenied.connection')
  }
  const token = tokenAgain(module, grant)
  if (token !== null || isLink(grant)) return token
  const fresh = newToken(module, grant.id)
  const isKept = await storeToken(module.db, grant.id, fresh.tokenHash, fresh.tokenKey)
  return isKept ? tokenAgain(module, { ...grant, tokenKey: fresh.tokenKey }) : null
}
