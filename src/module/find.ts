import { type Access, noAccess } from '../connections/grants/access.js'
import { type Grant, isLink, isTarget } from '../connections/grants/grant.js'
import { findGrant } from '../connections/grants/grant-store.js'
import { levels } from '../connections/grants/levels.js'
import { accountOf, type Principal } from '../connections/grants/principal.js'
import { badToken, openToken } from '../connections/grants/valid.js'
import { accessOf, load, typeOf } from '../connections/grants/world.js'
import { Fault } from '../faults.js'
import type { Which } from './path.js'
import type { ModuleWorld } from './scope.js'

/**
 * What a token opens for the caller: a link for anybody, an invitation for the account that it names, and one by address for
 * the holder of the token. Every other answer is that of an unknown token.
 *
 * @throws Fault `invalidArgument.connectionToken`
 */
export async function byToken(
  world: ModuleWorld,
  { account }: Principal,
  token: string,
  skipAcl: boolean,
): Promise<Grant> {
  const { grant } = await openToken(world, token)
  if (skipAcl || isLink(grant) || grant.targetId === null || grant.targetId === account?.id) return grant
  throw badToken()
}

/** The connection with an id. @throws Fault `accessDenied.notLoggedIn` for nobody, `notFound.unspecified` */
export async function byId({ db }: ModuleWorld, principal: Principal, id: string): Promise<Grant> {
  accountOf(principal)
  const grant = await findGrant(db, id)
  if (grant) return grant
  throw new Fault('notFound.unspecified', { path: id })
}

/**
 * Finds a connection that the caller may read (reference connections-module.md, section 8).
 *
 * @throws Fault `accessDenied.connection` by id, `invalidArgument.connectionToken` by token, for who may not
 */
export async function readable(
  world: ModuleWorld,
  principal: Principal,
  which: Which,
  skipAcl: boolean,
): Promise<Grant> {
  const { account } = principal
  if ('token' in which) return byToken(world, principal, which.token, skipAcl)
  const grant = await byId(world, principal, which.id)
  if (skipAcl || isTarget(grant, account) || account?.id === grant.creatorId) return grant
  const { level } = await accessToContext(world, principal, grant)
  if (level >= (grant.state === 'active' ? levels.connected : levels.share)) return grant
  throw new Fault('accessDenied.connection')
}

/** What the caller has of the context of a connection; nothing of one that is gone. */
export async function accessToContext(world: ModuleWorld, principal: Principal, grant: Grant): Promise<Access> {
  const type = typeOf(world, grant.object)
  const context = await load(type, grant.contextId)
  return context ? accessOf(world.db, type, context, principal) : noAccess
}
