import { Fault } from '../../faults.js'
import { contextIdOf, idReason } from '../context-id.js'
import { clear } from './clear.js'
import { deleteOfContext, lockContext } from './grant-store.js'
import { typeOf, type World } from './world.js'

/**
 * Deletes every connection with an object that is no more: grants, invitations and links. To be called once the object
 * can no longer be loaded; what was being made meanwhile is deleted by another call.
 *
 * @param objects its type, in singular or plural
 * @returns how many there were
 * @throws Fault `invalidArgument.object` for a type that is unknown, and for accounts, whose connections are in the
 *   feeds of both; `invalidArgument.unspecified` for what is no id
 */
export async function removeContext(world: World, objects: string, id: string): Promise<number> {
  const { name: object } = typeOf(world, objects)
  if (object === 'account') throw new Fault('invalidArgument.object', { path: object })
  const contextId = contextIdOf(object, id)
  if (contextId === undefined) throw new Fault('invalidArgument.unspecified', { path: 'id', reason: idReason(object) })
  const context = { object, contextId }
  return clear(world.db, 'removed', async (transaction, most) => {
    await lockContext(transaction, context, [])
    return deleteOfContext(transaction, context, most)
  })
}
