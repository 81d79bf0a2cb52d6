import type { Transaction } from 'kysely'
import type { Account } from '../../accounts/account.js'
import type { Tables } from '../../db/tables.js'
import { Fault } from '../../faults.js'
import { keepEvents } from '../event-store.js'
import { keepLetter } from '../letter-store.js'
import { write } from '../write.js'
import { union } from './access.js'
import { findKnown } from './directory-store.js'
import { addressOf, described, type Grant, isBetweenAccounts, isLink, isTarget } from './grant.js'
import { findBetween, findByToken, findGrant, lockContext, updateGrant } from './grant-store.js'
import { levels } from './levels.js'
import type { Instance, ObjectType } from './object-type.js'
import { accountOf, checkVerified, type Principal } from './principal.js'
import { activate, remove } from './put.js'
import { tokenHash } from './token.js'
import { accessOf, load, typeOf, type World } from './world.js'

const badToken = () => new Fault('invalidArgument.connectionToken')

/**
 * Applies an invitation: from then on the caller has what it grants (reference, section 5). Of several at once one
 * succeeds.
 *
 * @param token in the form of a token
 * @param skipAcl the caller becomes the target, whoever it was for
 * @returns the active connection: the one applied, or one that was there already and now grants as much
 */
export async function applyGrant(world: World, principal: Principal, token: string, skipAcl: boolean): Promise<Grant> {
  const account = accountOf(principal)
  const known = await findByToken(world.db, tokenHash(token))
  if (!known) throw badToken()
  if (!skipAcl && !isLink(known) && !isTarget(known, account)) throw badToken()
  checkVerified(principal)
  if (isLink(known))
    throw new Fault('invalidArgument.unspecified', { path: 'token', reason: 'A link cannot be applied.' })
  if (known.object === 'account' && known.contextId === account.id) {
    throw new Fault('invalidArgument.connectionTarget', { path: 'self' })
  }
  const type = typeOf(world, known.object)
  const context = await load(type, known.contextId)
  if (!context) throw new Fault('notFound.unspecified')

  return write(world.db, async (transaction, eventId) => {
    const people = [account.id, ...(known.targetId === null ? [] : [known.targetId])]
    const moment = await lockContext(transaction, known, people)
    const current = await findByToken(transaction, tokenHash(token))
    if (current?.state !== 'pending') throw badToken()
    await checkStillShared(transaction, type, context, current)
    const active = await take(transaction, current, account, moment)
    const detail = { ...described(active), request: principal.requestId }
    await keepEvents(
      transaction,
      eventId,
      [{ connectionId: active.id, actorId: account.id, verb: 'accepted', detail }],
      moment,
    )
    if (isBetweenAccounts(active)) {
      await keepLetter(
        transaction,
        { kind: 'accepted', recipientId: active.contextId, connectionId: active.id },
        moment,
      )
    }
    return active
  })
}

/** Whoever may not share the context any more has nothing to give. */
async function checkStillShared(
  db: Transaction<Tables>,
  type: ObjectType,
  context: Instance,
  { creatorId, skippedAcl }: Grant,
): Promise<void> {
  if (skippedAcl) return
  const [creator] = await findKnown(db, [creatorId])
  const nothing = { skipAcl: false, grant: levels.none, appKey: null, scope: null, requestId: null }
  const account = creator?.account.state === 'active' ? creator.account : null
  const principal = { account, verified: creator?.verified ?? false, ...nothing }
  if ((await accessOf(db, type, context, principal)).level < levels.share) throw badToken()
}

async function take(db: Transaction<Tables>, current: Grant, account: Account, moment: Date): Promise<Grant> {
  const between = await findBetween(db, current, { id: account.id, email: addressOf(account) })
  const others = between.filter(({ id }) => id !== current.id)
  const active = others.find(({ state }) => state === 'active')
  const access = Math.max(current.access, active?.access ?? levels.none)
  const roles = union(active?.roles ?? [], current.roles)
  // Between two accounts there is one connection: what else is pending gives way, whatever it would grant.
  const needless = others.filter(
    (each) => each.state === 'pending' && (isBetweenAccounts(each) || each.access <= access),
  )
  await remove(db, active ? [current, ...needless] : needless, moment)
  if (active) await updateGrant(db, active.id, { access, roles }, moment)
  else await activate(db, current, { targetId: account.id, access, roles }, moment)
  return (await findGrant(db, active?.id ?? current.id)) as Grant
}
