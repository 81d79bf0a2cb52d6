import { insertEvents, write } from '../connections/transaction-store.js'
import { Refusal } from '../faults.js'
import { givesNothing, grantedTo, type ShareRequest, type Wish } from './access.js'
import { accessOf, type CallerScope, hashOf, type ModuleContext, ordinaryAccess, principalOf } from './context.js'
import { insertGrant, lockContext } from './grant-store.js'
import { described, type Grant, newGrant } from './grant.js'
import { levelNames, levels, readLevel } from './object-types.js'
import { linkOptions, plainly, readOptionsAs } from './options.js'
import { checkMayImpart, checkMayShare } from './share-policy.js'
import { appKeyOf, checkDefined, type Places, placesOf, shareable } from './share.js'
import { type Connection, show } from './show.js'

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
  if (level === undefined) throw new Refusal('invalidArgument.access', { path: 'access', reason: levelNames })
  const read = readOptionsAs(linkOptions, options)
  const skipAcl = read.skipAcl || principal.skipAcl
  const shared = await shareable(module, principal, objects, id, { skipAcl, isForced: read.forceAllowConnections })
  const appKey = await appKeyOf(module, principal.appKey, read.connectionAppKey)
  if (appKey === null) throw new Refusal('invalidArgument.noConnectionApp')
  const places = placesOf(read.roles, 'roles')
  await checkDefined(module.db, places)
  const wish = { access: level, roles: [...places.keys()], places }
  const ends = { expires: read.expiresAt ?? read.expiresInMs ?? null, usesRemaining: read.usesRemaining }
  const grant = await makeLink(module, { ...shared, principal, skipAcl, appKey }, wish, ends)
  return (await show(module, principal, [grant], plainly))[0] as Connection
}

/** The limits of a link. */
interface Ends {
  /** The expiry: a date, milliseconds after the link is made, or null for never. */
  readonly expires: Date | number | null
  readonly usesRemaining: number | null
}

/**
 * Makes a link: an active connection without a target.
 *
 * @throws Refusal if the caller may not share the context or give a role, or if the link would grant nothing or already
 *   be expired
 */
function makeLink(
  module: ModuleContext,
  request: Omit<ShareRequest, 'isNotified'>,
  wish: Wish & { readonly places: Places },
  { expires, usesRemaining }: Ends,
): Promise<Grant> {
  const { type, context, principal, creator, skipAcl, appKey } = request
  const reference = { object: type.name, contextId: context._id }
  return write(module.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, reference, [])
    const mine = await accessOf(transaction, type, context, principal)
    checkMayShare(mine, creator, skipAcl)
    checkMayImpart(request, mine, wish.places)
    const ordinary = await ordinaryAccess(transaction, type, context, principal, mine)
    const given = grantedTo(request, mine, ordinary, wish)
    if (givesNothing(type, given)) throw new Refusal('accessDenied.shareAccess', { path: creator.id })
    const expiresAt = typeof expires === 'number' ? new Date(moment.getTime() + expires) : expires
    if (expiresAt !== null && expiresAt <= moment) {
      const path = typeof expires === 'number' ? 'expiresInMs' : 'expiresAt'
      throw new Refusal('invalidArgument.unspecified', { path, reason: 'A link must expire in the future.' })
    }
    const tokenKey = module.tokenKeys[0].id
    const ends = { state: 'active' as const, expiresAt, usesRemaining, tokenKey }
    const grant = newGrant({ ...reference, ...ends, creatorId: creator.id, appKey }, given, moment)
    await insertGrant(transaction, { ...grant, tokenHash: hashOf(module, grant) }, moment)
    const detail = { ...described(grant), uses: usesRemaining, request: principal.requestId }
    const event = { connectionId: grant.id, actorId: creator.id, verb: 'linked' as const, detail }
    await insertEvents(transaction, eventId, [event], moment)
    return grant
  })
}
