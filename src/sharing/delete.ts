import type { Kysely, Transaction } from 'kysely'
import { type Event, insertEvents, write } from '../connections/transaction-store.js'
import { inBatches } from '../db/batches.js'
import type { Tables } from '../db/tables.js'
import { Refusal } from '../faults.js'
import { isOwner, noAccess, type Principal } from './access.js'
import { accessOf, type CallerScope, load, type ModuleContext, principalOf, typeOf } from './context.js'
import { deleteExpired, deleteOfContext, findGrant, lockContext } from './grant-store.js'
import { contextIdOf, described, type Grant, idReason } from './grant.js'
import { deleteOptions, readOptionsAs } from './options.js'
import { checkMayEnd, checkScope, endingBy, endsFreely } from './policy.js'
import { byId, byToken, readGrantRef } from './read.js'
import { removeGrants } from './write-grants.js'

export { sweepEvents } from '../connections/transaction-store.js'

/**
 * Implements `delete` of `Connections`: declines or withdraws an invitation, leaves an object, revokes access, or ends
 * a link.
 */
export async function remove(scope: CallerScope, tokenOrId: unknown, options: unknown): Promise<true> {
  const { module } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'delete')
  const read = readOptionsAs(deleteOptions, options)
  const { which, path } = readGrantRef(tokenOrId)
  if (path.length > 0)
    throw new Refusal('invalidArgument.unspecified', { path: 'tokenOrId', reason: 'A path is not allowed here.' })
  const isHolder = 'token' in which
  const skipAcl = read.skipAcl || principal.skipAcl
  const grant = isHolder
    ? await byToken(module, principal, which.token, skipAcl)
    : await byId(module, principal, which.id)
  await endGrant(module, principal, grant, { skipAcl, isHolder })
  return true
}

async function endGrant(
  module: ModuleContext,
  principal: Principal,
  known: Grant,
  { skipAcl, isHolder }: { readonly skipAcl: boolean; readonly isHolder: boolean },
): Promise<void> {
  const { account, requestId } = principal
  const type = typeOf(module, known.object)
  const context = await load(type, known.contextId)
  const people = known.targetId === null ? [] : [known.targetId]
  await write(module.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, known, people)
    const current = await findGrant(transaction, known.id)
    if (!current) throw new Refusal('notFound.unspecified')
    const isOwned = context !== undefined && isOwner(type, context, principal)
    if (!endsFreely(current, { skipAcl, isOwned, isHolder })) {
      const access = context ? await accessOf(transaction, type, context, principal) : noAccess
      checkMayEnd(current, principal, access)
    }
    await removeGrants(transaction, [current], moment)
    const detail = { ...described(current), request: requestId }
    const event = { connectionId: current.id, actorId: account?.id ?? null, verb: endingBy(current, principal), detail }
    await insertEvents(transaction, eventId, [event], moment)
  })
}

/**
 * Deletes all connections of an object that no longer exists. Connections made during the call may remain; another call
 * deletes them.
 *
 * @param objects the type of the object, in singular or plural
 * @returns the number of deleted connections
 * @throws Refusal `invalidArgument.object` for an unknown type and for accounts, since connections of accounts are also
 *   in the feeds of others; `invalidArgument.unspecified` for a malformed id
 */
export async function removeContext(module: ModuleContext, objects: string, id: string): Promise<number> {
  const { name: object } = typeOf(module, objects)
  if (object === 'account') throw new Refusal('invalidArgument.object', { path: object })
  const contextId = contextIdOf(object, id)
  if (contextId === undefined) {
    throw new Refusal('invalidArgument.unspecified', { path: 'id', reason: idReason(object) })
  }
  const context = { object, contextId }
  return clear(module.db, 'removed', async (transaction, limit) => {
    await lockContext(transaction, context, [])
    return deleteOfContext(transaction, context, limit)
  })
}

/**
 * Deletes expired invitations and links, which are already invisible. Safe to run in several processes at once.
 *
 * @param stop ends the work after the current batch
 * @returns the number of deleted connections
 */
export const sweep = (db: Kysely<Tables>, stop?: AbortSignal): Promise<number> =>
  clear(db, 'expired', deleteExpired, stop)

/**
 * Deletes connections in batches, and records an event for each connection.
 *
 * @param deleteSome deletes at most `limit` connections, and returns them with the time of deletion
 * @param stop ends the work after the current batch
 * @returns the number of deleted connections
 */
export const clear = (
  db: Kysely<Tables>,
  verb: Event['verb'],
  deleteSome: (transaction: Transaction<Tables>, limit: number) => Promise<(Grant & { moment: Date })[]>,
  stop?: AbortSignal,
): Promise<number> =>
  inBatches(
    (limit) =>
      write(db, async (transaction, eventId) => {
        const gone = await deleteSome(transaction, limit)
        const events = gone.map((grant): Event => ({
          connectionId: grant.id,
          actorId: null,
          verb,
          detail: described(grant),
        }))
        if (gone[0]) await insertEvents(transaction, eventId, events, gone[0].moment)
        return gone.length
      }),
    stop,
  )
