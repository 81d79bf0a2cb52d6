import type { Transaction } from 'kysely'
import {
  claimEmail,
  countEmails,
  countInvitations,
  enqueueEmail,
  type Event,
  insertEvents,
  type QueuedEmail,
  write,
} from '../connections/transaction-store.js'
import type { Tables } from '../db/tables.js'
import { Refusal } from '../faults.js'
import { type Granted, grantedTo, type ShareRequest, titleOf } from './access.js'
import {
  accessOf,
  type CallerScope,
  hashOf,
  isValid,
  type ModuleContext,
  ordinaryAccess,
  principalOf,
} from './context.js'
import { findBetween, lockContext, updateGrant } from './grant-store.js'
import {
  accessGiven,
  both,
  connectedAtOnce,
  described,
  givenOn,
  givingOn,
  type Grant,
  isBetweenAccounts,
  newGrant,
  newInvitation,
  refreshed,
} from './grant.js'
import { levels } from './object-types.js'
import { createOptions, plainly, readOptionsAs } from './options.js'
import { checkMayImpart, checkMayShare, type Quota, quotaAfter, type Step, stepFor } from './share-policy.js'
import { appKeyOf, readTargets, shareable, type Target } from './share.js'
import { type Connection, show } from './show.js'
import { activateGrant, createGrant, removeGrants } from './write-grants.js'

/** Implements `create` of `Connections`: returns, for each target, its connection or the reason for a refusal. */
export async function create(
  scope: CallerScope,
  objects: string,
  id: string,
  targets: unknown,
  options: unknown,
): Promise<(Connection | Refusal)[]> {
  const { module } = scope
  const principal = await principalOf(scope)
  const read = readOptionsAs(createOptions, options)
  const skipAcl = read.skipAcl || principal.skipAcl
  const shared = await shareable(module, principal, objects, id, { skipAcl, isForced: read.forceAllowConnections })
  const found = await readTargets(module, principal, targets, { ...shared, skipAcl, forceAuto: read.forceAuto })
  const appKey = await appKeyOf(module, principal.appKey, read.connectionAppKey)
  if (appKey === null) {
    return found.map(({ named }) => new Refusal('invalidArgument.noConnectionApp', { target: named }))
  }
  const isNotified = !read.skipNotification && !read.skipNotifications
  const outcomes = await connectTargets(module, { ...shared, principal, skipAcl, appKey, isNotified }, found)
  const made = outcomes.filter((each): each is Grant => !(each instanceof Refusal))
  const byId = new Map((await show(module, principal, made, plainly)).map((each) => [each._id, each]))
  return outcomes.map((each) => (each instanceof Refusal ? each : (byId.get(each.id) as Connection)))
}

/**
 * Connects targets with a context in one transaction. All decisions are made under its locks.
 *
 * @throws Refusal `accessDenied.shareAccess` or `accessDenied.shareRoles` if the caller has lost the right to share; in
 *   this case nothing is changed
 */
function connectTargets(
  module: ModuleContext,
  request: ShareRequest,
  targets: readonly Target[],
): Promise<(Grant | Refusal)[]> {
  const { type, context, principal, creator, skipAcl } = request
  const reference = { object: type.name, contextId: context._id }
  const people = targets.flatMap(({ account }) => account?.id ?? [])
  return write(module.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, reference, people)
    const mine = await accessOf(transaction, type, context, principal)
    checkMayShare(mine, creator, skipAcl)
    for (const { places } of targets) checkMayImpart(request, mine, places)
    const ordinary = await ordinaryAccess(transaction, type, context, principal, mine)
    let quota = await quotaOf(transaction, request)
    const outcomes: (Grant | Refusal)[] = []
    const events: Event[] = []
    for (const target of targets) {
      const { account, email, named } = target
      const found = await findBetween(transaction, reference, { id: account?.id ?? null, email })
      const between: Grant[] = []
      for (const each of found) between.push(await asOffered(transaction, request, each))
      const wish = grantedTo(request, mine, ordinary, target)
      const step = stepFor(request, target, wish, between, quota)
      if (typeof step === 'string') {
        outcomes.push(new Refusal(step, { target: named }))
        continue
      }
      const decision = { ...step, after: afterOf(module, request, target, step, wish, moment) }
      outcomes.push(decision.after)
      await applyDecision(transaction, module, decision, moment)
      events.push(eventOf(request, decision))
      if (step.verb === 'invited') quota = { ...quota, invitations: quota.invitations - 1 }
      quota = await queueEmail(transaction, request, decision, quota, moment)
    }
    if (events.length > 0) await insertEvents(transaction, eventId, events, moment)
    return outcomes
  })
}

/** The remaining quota of the creator. Calls with `skipAcl` are not limited. */
async function quotaOf(db: Transaction<Tables>, { creator, skipAcl }: ShareRequest): Promise<Quota> {
  if (skipAcl) return { invitations: Infinity, emails: Infinity }
  const invited = await countInvitations(db, creator.id)
  return quotaAfter(invited, await countEmails(db, creator.id))
}

/**
 * Returns a connection, but an invalid invitation of the creator without its access: if `create` repeats the
 * invitation, the former access must not come back.
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

/** A step with its resulting connection. */
interface Decision extends Step {
  readonly after: Grant
}

function afterOf(
  { tokenKeys: [key] }: ModuleContext,
  { type, context, creator, appKey }: ShareRequest,
  { account, email, first, last }: Target,
  { verb, before }: Step,
  wish: Granted,
  moment: Date,
): Grant {
  const { _id: id } = context
  if (before && verb === 'refreshed') return refreshed(before, wish, moment)
  if (before && verb === 'upgraded') {
    return { ...givingOn(before, id, both(givenOn(before, id), wish)), updated: moment }
  }
  if (before) return connectedAtOnce(before, id, wish, moment)
  const reference = { object: type.name, contextId: id, creatorId: creator.id, appKey }
  const to = { targetId: account?.id ?? null, targetEmail: email, targetFirst: first, targetLast: last }
  return verb === 'connected'
    ? newGrant({ ...reference, ...to, state: 'active' }, wish, moment)
    : newInvitation({ ...reference, ...to }, wish, key.id, moment)
}

async function applyDecision(
  db: Transaction<Tables>,
  module: ModuleContext,
  { before, after, needless }: Decision,
  moment: Date,
): Promise<void> {
  await removeGrants(db, needless, moment)
  if (!before) await createGrant(db, { ...after, tokenHash: hashOf(module, after) }, moment)
  else if (before.state === 'pending' && after.state === 'active') {
    await activateGrant(db, before, after, { changedBy: before.targetId as string, moment })
  } else await updateGrant(db, after, moment)
}

function eventOf({ creator, principal, skipAcl }: ShareRequest, { verb, before, after }: Decision): Event {
  const detail = {
    ...described(after),
    before: before?.access ?? null,
    request: principal.requestId,
    // Marks events that `countInvitations` ignores.
    ...(skipAcl && { skipAcl }),
  }
  return { connectionId: after.id, actorId: creator.id, verb, detail }
}

/** Queues the e-mail of a decision, if one is due and the quota allows it. @returns the remaining quota */
async function queueEmail(
  db: Transaction<Tables>,
  request: ShareRequest,
  decision: Decision,
  quota: Quota,
  moment: Date,
): Promise<Quota> {
  const email = emailFor(request, decision)
  if (!email || quota.emails <= 0 || !(await claimEmail(db, email.connectionId, moment))) return quota
  await enqueueEmail(db, email, moment)
  return { ...quota, emails: quota.emails - 1 }
}

/** The e-mail of a decision (docs/module.md, Notifications). */
function emailFor(
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
