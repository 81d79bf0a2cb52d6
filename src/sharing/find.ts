import { Fault } from '../faults.js'
import { isUuid } from '../people/account.js'
import { type Access, accountOf, noAccess, type Principal } from './access.js'
import { accessOf, load, type ModuleContext, typeOf } from './context.js'
import { findGrant } from './grant-store.js'
import { type Grant, isLink, isTarget, isToken } from './grant.js'
import { levels } from './object-types.js'
import { place } from './query/map.js'
import { badToken, openToken } from './valid.js'

/**
 * What a token opens for the caller: a link for anybody, an invitation for the account that it names, and one by address for
 * the holder of the token. Every other answer is that of an unknown token.
 *
 * @throws Fault `invalidArgument.connectionToken`
 */
export async function byToken(
  module: ModuleContext,
  { account }: Principal,
  token: string,
  skipAcl: boolean,
): Promise<Grant> {
  const { grant } = await openToken(module, token)
  if (skipAcl || isLink(grant) || grant.targetId === null || grant.targetId === account?.id) return grant
  throw badToken()
}

/** The connection with an id. @throws Fault `accessDenied.notLoggedIn` for nobody, `notFound.unspecified` */
export async function byId({ db }: ModuleContext, principal: Principal, id: string): Promise<Grant> {
  accountOf(principal)
  const grant = await findGrant(db, id)
  if (grant) return grant
  throw new Fault('notFound.unspecified', { path: id })
}

/**
 * Finds a connection that the caller may read (docs/module.md, read).
 *
 * @throws Fault `accessDenied.connection` by id, `invalidArgument.connectionToken` by token, for who may not
 */
export async function readable(
  module: ModuleContext,
  principal: Principal,
  which: GrantRef,
  skipAcl: boolean,
): Promise<Grant> {
  const { account } = principal
  if ('token' in which) return byToken(module, principal, which.token, skipAcl)
  const grant = await byId(module, principal, which.id)
  if (skipAcl || isTarget(grant, account) || account?.id === grant.creatorId) return grant
  const { level } = await accessToContext(module, principal, grant)
  if (level >= (grant.state === 'active' ? levels.connected : levels.share)) return grant
  throw new Fault('accessDenied.connection')
}

/** What the caller has of the context of a connection; nothing of one that is gone. */
export async function accessToContext(module: ModuleContext, principal: Principal, grant: Grant): Promise<Access> {
  const type = typeOf(module, grant.object)
  const context = await load(type, grant.contextId)
  return context ? accessOf(module.db, type, context, principal) : noAccess
}

/** Which connection is meant: by form alone it is told whether by id or by token (docs/trust.md, Z7). */
type GrantRef = { readonly id: string } | { readonly token: string }

/**
 * Reads `<id or token>`, and what may follow it: `/context/name/first` or `.context.name.first`. Names are percent-encoded,
 * since an id among them may hold a slash or a dot.
 *
 * @throws Fault `invalidArgument.unspecified` for what has neither form, and for a percent sign that encodes no text
 */
export function readGrantRef(given: unknown): { which: GrantRef; path: readonly string[] } {
  const [name = '', ...path] = typeof given === 'string' ? given.split(/[/.]/).map(decoded) : []
  if (isUuid(name)) return { which: { id: name.toLowerCase() }, path }
  if (isToken(name)) return { which: { token: name }, path }
  throw new Fault('invalidArgument.unspecified', {
    path: 'tokenOrId',
    reason: 'An id is a UUID, and a token has 32 letters and digits.',
  })
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    const reason = 'A percent sign encodes no UTF-8 text; a literal one is %25.'
    throw new Fault('invalidArgument.unspecified', { path: 'tokenOrId', reason })
  }
}

/** The value at a path; undefined where there is none. An element of a list goes by its `_id`, else by its index. */
export const valueAt = (value: unknown, path: readonly string[]): unknown => path.reduce(named, value)

function named(within: unknown, name: string): unknown {
  if (typeof within !== 'object' || within === null) return undefined
  if (Array.isArray(within)) {
    const element: unknown = within.find((each) => named(each, '_id') === name)
    if (element !== undefined) return element
  }
  return Object.hasOwn(within, name) ? (within as Record<string, unknown>)[name] : undefined
}

/** Only these paths of a document, and what names it. */
export function only(document: object, paths: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {}
  for (const path of ['_id', 'object', ...paths]) {
    const names = path.split('.')
    const value = valueAt(document, names)
    if (value !== undefined) place(picked, names, value)
  }
  return picked
}
