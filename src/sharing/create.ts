import type { Transaction } from 'kysely'
import {
  claimEmail,
  enqueueEmail,
  type Event,
  insertEvents,
  type QueuedEmail,
  write,
} from '../connections/transaction-store.js'
import type { Tables } from '../db/tables.js'
import { Fault } from '../faults.js'
import { type Access, checkMayShare, mayRead } from './access.js'
import { accessGiven, accessOf, type CallerScope, type ModuleContext, principalOf, tokenAgain } from './context.js'
import { decide, type Decision, type Quota, quotaOf } from './decide.js'
import { findBetween, lockContext, updateGrant } from './grant-store.js'
import { described, type Grant, isBetweenAccounts, tokenHash } from './grant.js'
import { type Instance, levels, type ObjectType } from './object-types.js'
import { createOptions, readOptionsAs } from './options.js'
import { activate, put, removeGrants } from './put.js'
import { appKeyOf, checkMayImpart, shareable, type ShareRequest, type Target } from './share.js'
import { show } from './show.js'
import { type Connection, plainly } from './shown.js'
import { readTargets } from './targets.js'
import { isValid, ordinaryAccess } from './valid.js'

/**
 * Connects targets with a context in one transaction, in which it is also decided what each is granted.
 *
 * @returns for each target its connection, or why there is none
 * @throws Fault `accessDenied.shareAccess` where the caller may not share the context any more, `accessDenied.shareRoles`
 *   for a role that is not theirs to give; nothing is changed then
 */
function connectTargets(
  module: ModuleContext,
  sharing: ShareRequest,
  targets: readonly Target[],
): Promise<(Grant | Fault)[]> {
  const { type, context, principal, creator, skipAcl } = sharing
  const reference = { object: type.name, contextId: context._id }
  const people = targets.flatMap(({ account }) => account?.id ?? [])
  return write(module.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, reference, people)
    const mine = await accessOf(transaction, type, context, principal)
    if (!skipAcl) checkMayShare(mine, creator)
    for (const target of targets) checkMayImpart(sharing, mine, target)
    const ordinary = await ordinaryAccess(transaction, sharing, mine)
    let room = await quotaOf(transaction, sharing)
    const outcomes: (Grant | Fault)[] = []
    const events: Event[] = []
    for (const target of targets) {
      const { account, email } = target
      const found = await findBetween(transaction, reference, { id: account?.id ?? null, email })
      const between: Grant[] = []
      for (const each of found) between.push(await asOffered(transaction, sharing, each))
      const step = decide(module, sharing, target, { mine, ordinary, between, room, moment })
      outcomes.push(step instanceof Fault ? step : step.after)
      if (step instanceof Fault) continue
      await applyDecision(transaction, module, step, moment)
      events.push(eventOf(sharing, step))
      if (step.verb === 'invited') room = { ...room, invitations: room.invitations - 1 }
      room = await queueEmail(transaction, sharing, step, room, moment)
    }
    if (events.length > 0) await insertEvents(transaction, eventId, events, moment)
    return outcomes
  })
}

/**
 * An invitation of the same creator that is not valid any more offers nothing, so that making it again revives nothing.
 */
async function asOffered(
  db: Transaction<Tables>,
  { type, context, creator }: ShareRequest,
  grant: Grant,
): Promise<Grant> {
  if (grant.state === 'active' || grant.creatorId !== creator.id) return grant
  if (await isValid(db, type, context, grant)) return grant
  return { ...grant, access: levels.none, roles: [], skippedAccess: null, skippedRoles: [] }
}

function eventOf({ creator, principal, skipAcl }: ShareRequest, { verb, before, after }: Decision): Event {
  const detail = {
    ...described(after),
    before: before?.access ?? null,
    request: principal.requestId,
    // Such an invitation is not counted (`countInvitations`).
    ...(skipAcl && { skipAcl }),
  }
  return { connectionId: after.id, actorId: creator.id, verb, detail }
}

/** Implements `create` of `Connections`. */
export async function create(
  scope: CallerScope,
  objects: string,
  id: string,
  targets: unknown,
  options: unknown,
): Promise<(Connection | Fault)[]> {
  const { module } = scope
  const principal = await principalOf(scope)
  const read = readOptionsAs(createOptions, options)
  const skipAcl = read.skipAcl || principal.skipAcl
  const { type, context, creator } = await shareable(module, principal, objects, id, {
    skipAcl,
    force: read.forceAllowConnections,
  })
  const limits = { type, context, skipAcl, forceAuto: read.forceAuto, hidesEmail: module.hidesEmail }
  const wanted = await readTargets(module, principal, creator, targets, limits)
  const appKey = await appKeyOf(module, principal.appKey, read.connectionAppKey)
  if (appKey === null) return wanted.map(({ named }) => new Fault('invalidArgument.noConnectionApp', { target: named }))
  const isNotified = !read.skipNotification && !read.skipNotifications
  const sharing = { type, context, principal, creator, skipAcl, appKey, isNotified }
  const outcomes = await connectTargets(module, sharing, wanted)
  const made = outcomes.filter((each): each is Grant => !(each instanceof Fault))
  const shown = await show(module, principal, made, plainly)
  const byId = new Map(shown.map((each) => [each._id, each]))
  return outcomes.map((each) => (each instanceof Fault ? each : (byId.get(each.id) as Connection)))
}

/** Writes what was decided about one target. */
async function applyDecision(
  db: Transaction<Tables>,
  module: Pick<ModuleContext, 'tokenKeys'>,
  { before, after, needless }: Decision,
  moment: Date,
): Promise<void> {
  await removeGrants(db, needless, moment)
  if (!before) {
    const token = tokenAgain(module, after)
    await put(db, { ...after, tokenHash: token === null ? null : tokenHash(token) }, moment)
  } else if (before.state === 'pending' && after.state === 'active') {
    await activate(db, before, after, before.targetId as string, moment)
  } else {
    await updateGrant(db, after, moment)
  }
}

/**
 * Owes a target a letter about what was done, where one is due and there is room for it.
 *
 * @returns the room that is left
 */
async function queueEmail(
  db: Transaction<Tables>,
  sharing: ShareRequest,
  step: Decision,
  room: Quota,
  moment: Date,
): Promise<Quota> {
  const owed = owedFor(sharing, step)
  if (!owed || room.letters <= 0 || !(await claimEmail(db, owed.connectionId, moment))) return room
  await enqueueEmail(db, owed, moment)
  return { ...room, letters: room.letters - 1 }
}

/**
 * Whether whoever is connected at once is told of it is the type's to say (docs/module.md, Object types); of more
 * access nobody is.
 */
function owedFor(
  { type, context, creator, skipAcl, isNotified }: ShareRequest,
  { verb, after }: Decision,
): QueuedEmail | undefined {
  if (!isNotified || verb === 'upgraded' || (verb === 'connected' && !type.sendNotifications)) return undefined
  const title = titleOf(type, context, accessGiven(after))
  return {
    kind: verb === 'connected' ? 'connected' : isBetweenAccounts(after) ? 'invited' : 'offered',
    recipientId: after.targetId,
    connectionId: after.id,
    // Calls with `skipAcl` are not counted.
    ...(!skipAcl && { creatorId: creator.id }),
    ...(title !== undefined && { title }),
  }
}

const maxTitleLength = 200

/**
 * The name of an object, for somebody who has this access to it: one line, without what the database cannot keep.
 *
 * @returns undefined where its type names none, or not for everybody who has that
 */
export function titleOf({ title, properties }: ObjectType, object: Instance, access: Access): string | undefined {
  const property = title === null ? undefined : properties[title]
  if (title === null || !property || !mayRead(property, access)) return undefined
  const value = object[title]
  if (typeof value !== 'string') return undefined
  const line = value
    .slice(0, maxTitleLength)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return line || undefined
}
