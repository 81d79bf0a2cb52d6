import type { Transaction } from 'kysely'
import { asColleagues } from '../connections/model.js'
import { enqueueEmail, insertEvents, write } from '../connections/transaction-store.js'
import type { Tables } from '../db/tables.js'
import { Fault } from '../faults.js'
import type { Account } from '../people/account.js'
import { findKnownAccounts, type KnownAccount } from '../people/known-store.js'
import { findNamed } from '../people/store.js'
import { accountOf, checkScope, checkVerified, type Principal } from './access.js'
import { type CallerScope, type ModuleContext, principalOf } from './context.js'
import { findBetween, findByToken, findGrant, lockContext, updateGrant } from './grant-store.js'
import {
  addressOf,
  both,
  described,
  givenOn,
  givingOn,
  type Grant,
  isBetweenAccounts,
  isLink,
  isTarget,
  isToken,
  tokenHash,
} from './grant.js'
import { applyOptions, readOptionsAs } from './options.js'
import { activate, removeGrants } from './put.js'
import { show } from './show.js'
import { type Connection, plainly } from './shown.js'
import { badToken, isValid, type Opened, openToken } from './valid.js'

/**
 * Applies an invitation: from then on its target has what it grants (docs/module.md, apply). Of several at once one
 * succeeds.
 *
 * @param token in the form of a token
 * @param skipAcl whether a caller who is not the target may apply it for the target
 * @returns the active connection: the one applied, or one that was there already and now grants as much
 */
async function applyGrant(
  module: ModuleContext,
  principal: Principal,
  token: string,
  skipAcl: boolean,
): Promise<Grant> {
  const caller = { account: accountOf(principal), verified: principal.verified }
  const opened = await openToken(module, token)
  const { grant: known, type, context } = opened
  const target = isLink(known) ? caller : await targetOf(module, known, caller, skipAcl)
  if (!target) throw badToken()
  checkVerified(target)
  if (isLink(known))
    throw new Fault('invalidArgument.unspecified', { path: 'token', reason: 'A link cannot be applied.' })
  const { account } = target
  if (known.object === 'account' && known.contextId === account.id) {
    throw new Fault('invalidArgument.connectionTarget', { path: 'self' })
  }
  if (!context) throw new Fault('notFound.unspecified')

  return write(module.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, known, [account.id])
    const current = await findByToken(transaction, tokenHash(token))
    if (current?.state !== 'pending') throw badToken()
    if (!(await isValid(transaction, type, context, current))) throw badToken()
    const active = await take(transaction, { ...opened, grant: current }, account, moment)
    const detail = { ...described(active), invitation: current.id, request: principal.requestId }
    await insertEvents(
      transaction,
      eventId,
      [{ connectionId: active.id, actorId: caller.account.id, verb: 'accepted', detail }],
      moment,
    )
    if (isBetweenAccounts(active)) {
      const letter = { kind: 'accepted' as const, recipientId: current.contextId, connectionId: active.id }
      await enqueueEmail(transaction, letter, moment)
    }
    return active
  })
}

/**
 * Whom an invitation is applied for. Who skips the list applies it for its target: the account that is named, or the one
 * that has the address; only if no account has it, for themselves.
 *
 * @returns undefined for who may not apply it, and for an account that is not active
 */
async function targetOf(
  { db }: ModuleContext,
  known: Grant,
  caller: KnownAccount,
  skipAcl: boolean,
): Promise<KnownAccount | undefined> {
  if (isTarget(known, caller.account)) return caller
  if (!skipAcl) return undefined
  const { targetId, targetEmail } = known
  const id = targetId ?? (targetEmail === null ? undefined : (await findNamed(db, byEmail(targetEmail)))[0]?.id)
  const [found] = id === undefined ? [] : await findKnownAccounts(db, [id])
  if (targetId === null && !found?.verified) return caller
  return found?.account.state === 'active' ? found : undefined
}

const byEmail = (address: string) => ({ by: 'email' as const, values: [address] })

/**
 * Gives an account what an invitation grants; what there is between the two already gets more, and stays the only one.
 */
async function take(
  db: Transaction<Tables>,
  { grant: current, type, context }: Opened,
  account: Account,
  moment: Date,
): Promise<Grant> {
  const between = await findBetween(db, current, { id: account.id, email: addressOf(account) })
  const others = between.filter(({ id }) => id !== current.id)
  const kept = others.find(({ state }) => state === 'active') ?? others.find(isBetweenAccounts)
  const isOffered = !kept || kept.state === 'active' || (await isSameOffer(kept))
  const before = kept ?? current
  // The other one of two accounts gets no more by this than colleagues have, whatever else was being offered.
  const from = isOffered ? before : { ...before, ...asColleagues }
  const id = current.contextId
  const targetId = before.targetId ?? account.id
  const after = { ...givingOn(from, id, both(givenOn(from, id), current)), targetId, state: 'active' as const }
  const { access } = givenOn(after, id)
  // What is for an address stays: that it went would tell its creator whose address that is.
  const needless = others.filter(
    (each) => each !== kept && each.state === 'pending' && each.targetId !== null && each.access <= access,
  )
  await removeGrants(db, kept ? [current, ...needless] : needless, moment)
  if (before.state === 'active') await updateGrant(db, after, moment)
  else await activate(db, before, after, account.id, moment)
  return (await findGrant(db, after.id)) as Grant

  /** Whether what is pending beside it offers the same account more of the same context, and may still do so. */
  async function isSameOffer(pending: Grant): Promise<boolean> {
    return pending.contextId === current.contextId && (await isValid(db, type, context, pending))
  }
}

/** Implements `apply` of `Connections`. */
export async function apply(scope: CallerScope, token: unknown, options: unknown): Promise<Connection> {
  const principal = await principalOf(scope)
  checkScope(principal, 'update')
  accountOf(principal)
  const { skipAcl } = readOptionsAs(applyOptions, options)
  if (typeof token !== 'string' || !isToken(token)) {
    throw new Fault('invalidArgument.unspecified', { path: 'token', reason: 'A token has 32 letters and digits.' })
  }
  const grant = await applyGrant(scope.module, principal, token, skipAcl || principal.skipAcl)
  return (await show(scope.module, principal, [grant], plainly))[0] as Connection
}
