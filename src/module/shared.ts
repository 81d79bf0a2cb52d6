import type { Instance, ObjectType } from '../connections/grants/object-type.js'
import { checkMayShare } from '../connections/grants/access.js'
import { accountOf, checkScope, checkVerified, type Principal } from '../connections/grants/principal.js'
import { accessOf, load, typeOf, type World } from '../connections/grants/world.js'
import type { Account } from '../accounts/account.js'
import { idReason, isContextId } from '../connections/context-id.js'
import { Fault } from '../faults.js'

/**
 * Checks, in the order of the contract, that a caller may share a context (reference connections-module.md, section 6).
 *
 * @param objects the type, in singular or plural
 * @param skipAcl whether share access is not required
 * @param force whether connections are made although the type takes none
 */
export async function shareable(
  world: World,
  principal: Principal,
  objects: string,
  id: string,
  { skipAcl, force }: { skipAcl: boolean; force: boolean },
): Promise<{ type: ObjectType; context: Instance; creator: Account }> {
  checkScope(principal, 'create')
  const creator = accountOf(principal)
  checkVerified(principal)
  const type = typeOf(world, objects)
  if (!type.allowConnections && !force) throw new Fault('accessDenied.connectionsDisabled', { path: type.name })
  if (!isContextId(id)) throw new Fault('invalidArgument.unspecified', { path: 'id', reason: idReason(type.name) })
  const context = await load(type, id)
  if (!context) throw new Fault('notFound.instance', { path: id })
  if (!skipAcl) checkMayShare(await accessOf(world.db, type, context, principal), creator)
  return { type, context, creator }
}
