import type { Kysely, Transaction } from 'kysely'
import { type Event, insertEvents, write } from '../connections/transaction-store.js'
import { inBatches } from '../db/batches.js'
import type { Tables } from '../db/tables.js'
import { Fault } from '../faults.js'
import { checkScope, isOwner, type Principal } from './access.js'
import { accessOf, type CallerScope, load, type ModuleContext, principalOf, typeOf } from './context.js'
import { byId, byToken, readGrantRef } from './find.js'
import { deleteExpired, deleteOfContext, findGrant, lockContext } from './grant-store.js'
import { contextIdOf, described, type Grant, idReason, isLink, isTarget } from './grant.js'
import { levels } from './object-types.js'
import { deleteOptions, readOptionsAs } from './options.js'
import { removeGrants } from './put.js'

/**
 * Deletes a connection: declines or withdraws an invitation, leaves, takes access away, or ends a link (docs/module.md,
 * delete). The owner of the context ends whatever there is on it; others take away less than they have.
 *
 * @param isHolder whether the caller named it by its token; of an invitation that is the target's alone
 * @throws Fault `accessDenied.connection` or `accessDenied.shareAccess` for whoever may not, `notFound.unspecified`
 *   where it is gone
 */
async function endGrant(
  module: ModuleContext,
  principal: Principal,
  known: Grant,
  { skipAcl, isHolder }: { skipAcl: boolean; isHolder: boolean },
): Promise<void> {
  const { account } = principal
  const type = typeOf(module, known.object)
  const context = await load(type, known.contextId)
  const people = known.targetId === null ? [] : [known.targetId]
  await write(module.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, known, people)
    const current = await findGrant(transaction, known.id)
    if (!current) throw new Fault('notFound.unspecified')
    const isOwned = context !== undefined && isOwner(type, context, principal)
    if (!skipAcl && !isOwned && !(isHolder && current.state === 'pending')) {
      const level = context ? (await accessOf(transaction, type, context, principal)).level : levels.none
      checkMayEnd(current, principal, level)
    }
    await removeGrants(transaction, [current], moment)
    const detail = { ...described(current), request: principal.requestId }
    const event = { connectionId: current.id, actorId: account?.id ?? null, verb: verbOf(current, principal), detail }
    await insertEvents(transaction, eventId, [event], moment)
  })
}

function checkMayEnd(grant: Grant, { account }: Principal, level: number): void {
  const isCreator = account?.id === grant.creatorId
  const mayShare = level >= levels.share
  if (isLink(grant)) {
    if (!isCreator && !mayShare) throw new Fault('accessDenied.shareAccess')
  } else if (grant.state === 'pending') {
    if (!isTarget(grant, account) && !isCreator && !mayShare) throw new Fault('accessDenied.connection')
  } else if (!isTarget(grant, account)) {
    if (!mayShare) throw new Fault('accessDenied.shareAccess')
    if (level <= grant.access) throw new Fault('accessDenied.connection')
  }
}

function verbOf(grant: Grant, { account }: Principal): Event['verb'] {
  if (grant.state === 'active') return 'removed'
  if (account === null || isTarget(grant, account)) return 'declined'
  return account.id === grant.creatorId ? 'withdrawn' : 'removed'
}

/** Implements `delete` of `Connections`. Who may read an invitation by its token declines it by its token. */
export async function remove(scope: CallerScope, tokenOrId: unknown, options: unknown): Promise<true> {
  const { module } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'delete')
  const { skipAcl } = readOptionsAs(deleteOptions, options)
  const { which, path } = readGrantRef(tokenOrId)
  if (path.length > 0) throw new Fault('invalidArgument.unspecified', { path: 'tokenOrId', reason: 'No path here.' })
  const isHolder = 'token' in which
  const isTrusted = skipAcl || principal.skipAcl
  const grant = isHolder
    ? await byToken(module, principal, which.token, isTrusted)
    : await byId(module, principal, which.id)
  await endGrant(module, principal, grant, { skipAcl: isTrusted, isHolder })
  return true
}

/**
 * Deletes every connection with an object that is no more: grants, invitations and links. To be called once the object
 * can no longer be loaded; what was being made meanwhile is deleted by another call.
 *
 * @param objects its type, in singular or plural
 * @returns how many there were
 * @throws Fault `invalidArgument.object` for a type that is unknown, and for accounts, whose connections are in the
 *   feeds of both; `invalidArgument.unspecified` for what is no id
 */
export async function removeContext(module: ModuleContext, objects: string, id: string): Promise<number> {
  const { name: object } = typeOf(module, objects)
  if (object === 'account') throw new Fault('invalidArgument.object', { path: object })
  const contextId = contextIdOf(object, id)
  if (contextId === undefined) throw new Fault('invalidArgument.unspecified', { path: 'id', reason: idReason(object) })
  const context = { object, contextId }
  return clear(module.db, 'removed', async (transaction, most) => {
    await lockContext(transaction, context, [])
    return deleteOfContext(transaction, context, most)
  })
}

/**
 * Deletes connections that have ended without anybody's doing, some at a time, and keeps that they have.
 *
 * @param deleteSome deletes no more than so many of them, and returns what they were and when
 * @param stop ends it after a batch
 * @returns how many there were
 */
export const clear = (
  db: Kysely<Tables>,
  verb: Event['verb'],
  deleteSome: (transaction: Transaction<Tables>, most: number) => Promise<(Grant & { moment: Date })[]>,
  stop?: AbortSignal,
): Promise<number> =>
  inBatches(
    (most) =>
      write(db, async (transaction, eventId) => {
        const gone = await deleteSome(transaction, most)
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

export { sweepEvents } from '../connections/transaction-store.js'

/**
 * Deletes what has expired: invitations and links that nobody sees any more. It frees their space and keeps that they
 * ended; any number of processes may do it.
 *
 * @param stop ends it early
 * @returns how many there were
 */
export const sweep = (db: Kysely<Tables>, stop?: AbortSignal): Promise<number> =>
  clear(db, 'expired', deleteExpired, stop)
