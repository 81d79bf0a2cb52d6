import { type Grant, isLink, isTarget } from '../connections/grants/grant.js'
import { findByToken, findGrant } from '../connections/grants/grant-store.js'
import { levels } from '../connections/grants/levels.js'
import { accountOf, type Principal } from '../connections/grants/principal.js'
import { tokenHash } from '../connections/grants/token.js'
import { accessOf, load, typeOf } from '../connections/grants/world.js'
import { Fault } from '../faults.js'
import type { Which } from './path.js'
import type { ModuleWorld } from './scope.js'

const badToken = () => new Fault('invalidArgument.connectionToken')

/** The invitation or the link that has a token. @throws Fault `invalidArgument.connectionToken` where there is none */
export async function byToken({ db }: ModuleWorld, token: string): Promise<Grant> {
  const grant = await findByToken(db, tokenHash(token))
  if (grant && (grant.state === 'pending' || isLink(grant))) return grant
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
 * @throws Fault `accessDenied.connection` by id, `invalidArgument.connectionToken` by token, for whoever may not
 */
export async function readable(
  world: ModuleWorld,
  principal: Principal,
  which: Which,
  skipAcl: boolean,
): Promise<Grant> {
  const { account } = principal
  if ('token' in which) {
    const grant = await byToken(world, which.token)
    if (skipAcl || isLink(grant) || account === null || isTarget(grant, account)) return grant
    throw badToken()
  }
  const grant = await byId(world, principal, which.id)
  if (skipAcl || isTarget(grant, account) || account?.id === grant.creatorId) return grant
  const type = typeOf(world, grant.object)
  const context = await load(type, grant.contextId)
  const level = context ? (await accessOf(world.db, type, context, principal)).level : levels.none
  if (level >= (grant.state === 'active' ? levels.connected : levels.share)) return grant
  throw new Fault('accessDenied.connection')
}
