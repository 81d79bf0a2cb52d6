import { keepEvents } from '../event-store.js'
import { write } from '../write.js'
import type { Grant } from './grant.js'
import { takeUse } from './grant-store.js'
import type { Principal } from './principal.js'
import { badToken, isValid } from './valid.js'
import { load, typeOf, type World } from './world.js'

/**
 * Spends one use of a link, and keeps that it was used.
 *
 * @returns how many uses are left
 * @throws Fault `invalidArgument.connectionToken` if the last one was spent meanwhile, or the link is not valid any more
 */
export async function spendUse(world: World, { account, requestId }: Principal, grant: Grant): Promise<number | null> {
  const { id, object, contextId } = grant
  const type = typeOf(world, object)
  const context = await load(type, contextId)
  return write(world.db, async (transaction, eventId) => {
    if (!(await isValid(transaction, type, context, grant))) throw badToken()
    const spent = await takeUse(transaction, id)
    if (!spent) throw badToken()
    const detail = { left: spent.left, request: requestId }
    const event = { connectionId: id, actorId: account?.id ?? null, verb: 'used' as const, detail }
    await keepEvents(transaction, eventId, [event], spent.moment)
    return spent.left
  })
}
