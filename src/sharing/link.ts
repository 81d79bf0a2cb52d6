import { v7 as newId } from 'uuid'
import { asColleagues } from '../connections/model.js'
import { insertEvents, write } from '../connections/transaction-store.js'
import { Fault } from '../faults.js'
import { checkMayShare, givesNothing } from './access.js'
import { accessOf, type CallerScope, type ModuleContext, newToken, principalOf } from './context.js'
import { insertGrant, lockContext } from './grant-store.js'
import { described, type Grant } from './grant.js'
import { levelNames, levels, readLevel } from './object-types.js'
import { linkOptions, readOptionsAs } from './options.js'
import {
  appKeyOf,
  checkDefined,
  checkMayImpart,
  type PlacedWish,
  placesOf,
  shareable,
  type ShareRequest,
} from './share.js'
import { show } from './show.js'
import { type Connection, plainly } from './shown.js'
import { grantedTo, ordinaryAccess } from './valid.js'

/** When a link ends by itself; null is never. */
interface Ends {
  /** A time, or so many milliseconds after the link is made. */
  readonly expires: Date | number | null
  readonly usesRemaining: number | null
}

/**
 * Makes a link: an active connection without a target, by which whoever has its token reads the context.
 *
 * @throws Fault `accessDenied.shareAccess` where the caller may not share the context, or not this of it;
 *   `accessDenied.shareRoles` for a role that is not theirs to give;
 *   `invalidArgument.unspecified` for a link that would have ended already
 */
function makeLink(
  module: ModuleContext,
  sharing: Omit<ShareRequest, 'isNotified'>,
  wish: PlacedWish,
  ends: Ends,
): Promise<Grant> {
  const { type, context, principal, creator, skipAcl, appKey } = sharing
  return write(module.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, { object: type.name, contextId: context._id }, [])
    const mine = await accessOf(transaction, type, context, principal)
    if (!skipAcl) checkMayShare(mine, creator)
    checkMayImpart(sharing, mine, wish)
    const ordinary = await ordinaryAccess(transaction, sharing, mine)
    const given = grantedTo(sharing, mine, ordinary, wish)
    if (givesNothing(type, given)) throw new Fault('accessDenied.shareAccess', { path: creator.id })
    const expiresAt = typeof ends.expires === 'number' ? new Date(moment.getTime() + ends.expires) : ends.expires
    if (expiresAt !== null && expiresAt <= moment) {
      const path = typeof ends.expires === 'number' ? 'expiresInMs' : 'expiresAt'
      throw new Fault('invalidArgument.unspecified', { path, reason: 'A link has to end in the future.' })
    }
    const id = newId()
    const { tokenHash, tokenKey } = newToken(module, id)
    const grant = {
      id,
      object: type.name,
      contextId: context._id,
      creatorId: creator.id,
      targetId: null,
      targetEmail: null,
      targetFirst: null,
      targetLast: null,
      state: 'active' as const,
      access: given.access,
      roles: given.roles,
      reverseAccess: asColleagues.access,
      reverseRoles: asColleagues.roles,
      skippedAccess: given.skipped?.access ?? null,
      skippedRoles: given.skipped?.roles ?? [],
      appKey,
      expiresAt,
      usesRemaining: ends.usesRemaining,
      tokenKey,
      created: moment,
      updated: moment,
    }
    await insertGrant(transaction, { ...grant, tokenHash }, moment)
    const detail = { ...described(grant), uses: ends.usesRemaining, request: principal.requestId }
    await insertEvents(
      transaction,
      eventId,
      [{ connectionId: id, actorId: creator.id, verb: 'linked', detail }],
      moment,
    )
    return grant
  })
}

/** Implements `linkTo` of `Connections`. */
export async function linkTo(
  scope: CallerScope,
  objects: string,
  id: string,
  access: unknown,
  options: unknown,
): Promise<Connection> {
  const { module } = scope
  const principal = await principalOf(scope)
  const level = readLevel(access ?? levels.none)
  if (level === undefined) throw new Fault('invalidArgument.access', { path: 'access', reason: levelNames })
  const read = readOptionsAs(linkOptions, options)
  const skipAcl = read.skipAcl || principal.skipAcl
  const shared = await shareable(module, principal, objects, id, { skipAcl, force: read.forceAllowConnections })
  const appKey = await appKeyOf(module, principal.appKey, read.connectionAppKey)
  if (appKey === null) throw new Fault('invalidArgument.noConnectionApp')
  const places = placesOf(read.roles, 'roles')
  await checkDefined(module.db, places)
  const wish = { access: level, roles: [...places.keys()], places }
  const ends = { expires: read.expiresAt ?? read.expiresInMs ?? null, usesRemaining: read.usesRemaining }
  const grant = await makeLink(module, { ...shared, principal, skipAcl, appKey }, wish, ends)
  return (await show(module, principal, [grant], plainly))[0] as Connection
}
