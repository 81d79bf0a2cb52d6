import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { Fault } from '../../faults.js'
import { keepEvents } from '../event-store.js'
import { write } from '../write.js'
import type { Grant } from './grant.js'
import { takeUse } from './grant-store.js'
import type { Principal } from './principal.js'

/**
 * Spends one use of a link, and keeps that it was used.
 *
 * @returns how many uses are left; null where they are not counted
 * @throws Fault `invalidArgument.connectionToken` where the last one was spent meanwhile, or the link has ended
 */
export function spendUse(
  db: Kysely<Tables>,
  { account, requestId }: Principal,
  { id }: Grant,
): Promise<{ left: number | null }> {
  return write(db, async (transaction, eventId) => {
    const spent = await takeUse(transaction, id)
    if (!spent) throw new Fault('invalidArgument.connectionToken')
    const detail = { left: spent.left, request: requestId }
    const event = { connectionId: id, actorId: account?.id ?? null, verb: 'used' as const, detail }
    await keepEvents(transaction, eventId, [event], spent.moment)
    return { left: spent.left }
  })
}
