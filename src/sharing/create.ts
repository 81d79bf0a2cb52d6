import type { Transaction } from 'kysely'
import { type Event, keepEvents, keepLetter, type Owed, write } from '../connections/transaction-store.js'
import type { Tables } from '../db/tables.js'
import { Fault } from '../faults.js'
import { type Access, checkMayShare, mayRead } from './access.js'
import { decide, type Room, roomOf, type Step } from './decide.js'
import { findBetween, lockContext, updateGrant } from './grant-store.js'
import { described, type Grant, isBetweenAccounts, tokenHash } from './grant.js'
import { type Instance, levels, type ObjectType } from './object-types.js'
import { createOptions, readOptionsAs } from './options.js'
import { activate, put, removeGrants } from './put.js'
import { principalOf, type Scope } from './scope.js'
import { appKeyOf, checkMayImpart, shareable, type Sharing, type Wanted } from './share.js'
import { show } from './show.js'
import { type Connection, plainly } from './shown.js'
import { readTargets } from './targets.js'
import { noteLetter } from './throttle-store.js'
import { isValid, ordinaryAccess } from './valid.js'
import { accessGiven, accessOf, tokenAgain, type World } from './world.js'

/**
 * Connects targets with a context in one transaction, in which it is also decided what each is granted.
 *
 * @returns for each target its connection, or why there is none
 * @throws Fault `accessDenied.shareAccess` where the caller may not share the context any more, `accessDenied.shareRoles`
 *   for a role that is not theirs to give; nothing is changed then
 */
function establish(world: World, sharing: Sharing, targets: readonly Wanted[]): Promise<(Grant | Fault)[]> {
  const { type, context, principal, creator, skipAcl } = sharing
  const reference = { object: type.name, contextId: context._id }
  const people = targets.flatMap(({ account }) => account?.id ?? [])
  return write(world.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, reference, people)
    const mine = await accessOf(transaction, type, context, principal)
    if (!skipAcl) checkMayShare(mine, creator)
    for (const target of targets) checkMayImpart(sharing, mine, target)
    const ordinary = await ordinaryAccess(transaction, sharing, mine)
    let room = await roomOf(transaction, sharing)
    const outcomes: (Grant | Fault)[] = []
    const events: Event[] = []
    for (const target of targets) {
      const { account, email } = target
      const found = await findBetween(transaction, reference, { id: account?.id ?? null, email })
      const between: Grant[] = []
      for (const each of found) between.push(await asOffered(transaction, sharing, each))
      const step = decide(world, sharing, target, { mine, ordinary, between, room, moment })
      outcomes.push(step instanceof Fault ? step : step.after)
      if (step instanceof Fault) continue
      await carryOut(transaction, world, step, moment)
      events.push(eventOf(sharing, step))
      if (step.verb === 'invited') room = { ...room, invitations: room.invitations - 1 }
      room = await owe(transaction, sharing, step, room, moment)
    }
    if (events.length > 0) await keepEvents(transaction, eventId, events, moment)
    return outcomes
  })
}

/**
 * An invitation of the same creator that is not valid any more offers nothing, so that making it again revives nothing.
 */
async function asOffered(db: Transaction<Tables>, { type, context, creator }: Sharing, grant: Grant): Promise<Grant> {
  if (grant.state === 'active' || grant.creatorId !== creator.id) return grant
  if (await isValid(db, type, context, grant)) return grant
  return { ...grant, access: levels.none, roles: [], skippedAccess: null, skippedRoles: [] }
}

function eventOf({ creator, principal, skipAcl }: Sharing, { verb, before, after }: Step): Event {
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
  scope: Scope,
  objects: string,
  id: string,
  targets: unknown,
  options: unknown,
): Promise<(Connection | Fault)[]> {
  const { world } = scope
  const principal = await principalOf(scope)
  const read = readOptionsAs(createOptions, options)
  const skipAcl = read.skipAcl || principal.skipAcl
  const { type, context, creator } = await shareable(world, principal, objects, id, {
    skipAcl,
    force: read.forceAllowConnections,
  })
  const limits = { type, context, skipAcl, forceAuto: read.forceAuto, hidesEmail: world.hidesEmail }
  const wanted = await readTargets(world, principal, creator, targets, limits)
  const appKey = await appKeyOf(world, principal.appKey, read.connectionAppKey)
  if (appKey === null) return wanted.map(({ named }) => new Fault('invalidArgument.noConnectionApp', { target: named }))
  const isNotified = !read.skipNotification && !read.skipNotifications
  const sharing = { type, context, principal, creator, skipAcl, appKey, isNotified }
  const outcomes = await establish(world, sharing, wanted)
  const made = outcomes.filter((each): each is Grant => !(each instanceof Fault))
  const shown = await show(world, principal, made, plainly)
  const byId = new Map(shown.map((each) => [each._id, each]))
  return outcomes.map((each) => (each instanceof Fault ? each : (byId.get(each.id) as Connection)))
}

/** Writes what was decided about one target. */
async function carryOut(
  db: Transaction<Tables>,
  world: Pick<World, 'tokenKeys'>,
  { before, after, needless }: Step,
  moment: Date,
): Promise<void> {
  await removeGrants(db, needless, moment)
  if (!before) {
    const token = tokenAgain(world, after)
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
async function owe(db: Transaction<Tables>, sharing: Sharing, step: Step, room: Room, moment: Date): Promise<Room> {
  const owed = owedFor(sharing, step)
  if (!owed || room.letters <= 0 || !(await noteLetter(db, owed.connectionId, moment))) return room
  await keepLetter(db, owed, moment)
  return { ...room, letters: room.letters - 1 }
}

/**
 * Whether whoever is connected at once is told of it is the type's to say (docs/module.md, Object types); of more
 * access nobody is.
 */
function owedFor({ type, context, creator, skipAcl, isNotified }: Sharing, { verb, after }: Step): Owed | undefined {
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

const longest = 200

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
    .slice(0, longest)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return line || undefined
}
