import type { Transaction } from 'kysely'
import { relationshipOf } from '../connections/model.js'
import { enqueueEmail, type Event, insertEvents, type Precondition, write } from '../connections/transaction-store.js'
import { changeView, replaceMessage } from '../connections/update-message.js'
import type { Context } from '../context.js'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { Refusal } from '../faults.js'
import type { Account, Caller } from '../people/account.js'
import { findKnownAccounts, type KnownAccount } from '../people/known-store.js'
import { findNamed } from '../people/store.js'
import { type CallerScope, isValid, type ModuleContext, principalOf } from './context.js'
import { findBetween, findByToken, findGrant, lockContext, updateGrant } from './grant-store.js'
import { addressOf, described, type Grant, isBetweenAccounts, isLink, isTarget, isToken, tokenHash } from './grant.js'
import { applyOptions, plainly, readOptionsAs } from './options.js'
import { accounts } from './own-types.js'
import { acceptanceOf, accountOf, applierOf, badToken, checkMayApply, checkScope, keptOf } from './policy.js'
import { type Opened, openToken } from './read.js'
import { type Connection, show } from './show.js'
import { activateGrant, removeGrants } from './write-grants.js'

/**
 * Accepts an invitation between two accounts. If the invitation is already accepted, only replaces the message
 * (docs/wire.md, Accept).
 *
 * @param id of either person's view
 * @param message undefined for no change
 * @throws Failure as `changeView`; `forbidden` for an invitation that is no longer valid
 */
export const accept = (
  { db }: Pick<Context, 'db'>,
  caller: Caller,
  id: string,
  message: string | undefined,
  precondition: Precondition,
): Promise<void> =>
  changeView(db, caller, id, 'accepted', precondition, async (view) => {
    if (view.step === 'rewritten') return replaceMessage(view, message)
    const { transaction, eventId, moment, writer, current } = view
    const grant = await findGrant(transaction, current.connectionId)
    const opened = grant && { grant, type: accounts, context: { _id: grant.contextId } }
    const { inviterId: inviter, invitedId: invited } = relationshipOf(current)
    const detail = () => ({ inviter, invited })
    const change = { actorId: writer.id, eventId, moment, detail, ...(message !== undefined && { message }) }
    if (opened && (await acceptInvitation(transaction, opened, writer, change))) return
    throw new Failure('forbidden', 'This invitation is no longer valid. Decline it, or invite the person yourself.')
  })

/** Implements `apply` of `Connections` (docs/module.md, apply). */
export async function apply(scope: CallerScope, token: unknown, options: unknown): Promise<Connection> {
  const { module } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'update')
  const caller = { account: accountOf(principal), verified: principal.verified }
  const read = readOptionsAs(applyOptions, options)
  if (typeof token !== 'string' || !isToken(token)) {
    throw new Refusal('invalidArgument.unspecified', {
      path: 'token',
      reason: 'A token must have 32 letters or digits.',
    })
  }
  const opened = await openToken(module, token)
  const { grant: known, context } = opened
  const target = await targetOf(module, known, caller, read.skipAcl || principal.skipAcl)
  checkMayApply(known, context, target)
  const { account } = target

  const active = await write(module.db, async (transaction, eventId) => {
    const moment = await lockContext(transaction, known, [account.id])
    const grant = await findByToken(transaction, tokenHash(token))
    const detail = (made: Grant) => ({ ...described(made), invitation: known.id, request: principal.requestId })
    const change = { actorId: caller.account.id, eventId, moment, detail }
    const accepted = grant && (await acceptInvitation(transaction, { ...opened, grant }, account, change))
    if (!accepted) throw badToken()
    return accepted
  })
  return (await show(module, principal, [active], plainly))[0] as Connection
}

async function targetOf(
  { db }: ModuleContext,
  known: Grant,
  caller: KnownAccount,
  skipAcl: boolean,
): Promise<KnownAccount | undefined> {
  const { targetId, targetEmail } = known
  const isSought = skipAcl && !isLink(known) && !isTarget(known, caller.account)
  const id = !isSought
    ? null
    : (targetId ?? (await findNamed(db, { by: 'email', values: [targetEmail as string] }))[0]?.id ?? null)
  const [found] = id === null ? [] : await findKnownAccounts(db, [id])
  return applierOf(known, caller, found, skipAcl)
}

interface AcceptanceChange {
  readonly actorId: string
  readonly eventId: string
  readonly moment: Date
  /** Returns the detail of the event. */
  readonly detail: (active: Grant) => Extract<Event, { detail: unknown }>['detail']
  readonly message?: string
}

/**
 * Accepts an invitation for an account, for the Atom API and for the module. The caller must have locked the context of
 * the invitation (`lockContext`).
 *
 * @returns the active connection: the accepted one, or an existing one that now grants at least as much; undefined for
 *   an invitation that is not pending or not valid
 */
async function acceptInvitation(
  db: Transaction<Tables>,
  { grant: invitation, type, context }: Opened,
  account: Pick<Account, 'id' | 'email'>,
  { actorId, eventId, detail, ...change }: AcceptanceChange,
): Promise<Grant | undefined> {
  if (invitation.state !== 'pending' || !(await isValid(db, type, context, invitation))) return undefined
  const { moment } = change
  // Two accounts have at most one connection, in this case the invitation itself.
  const between = isBetweenAccounts(invitation)
    ? []
    : await findBetween(db, invitation, { id: account.id, email: addressOf(account) })
  const others = between.filter(({ id }) => id !== invitation.id)
  const kept = keptOf(others)
  const isOffered =
    kept?.state === 'pending' && kept.contextId === invitation.contextId && (await isValid(db, type, context, kept))
  const { before, after, gone } = acceptanceOf(invitation, account.id, others, isOffered, moment)

  await removeGrants(db, gone, moment)
  if (before.state === 'active') await updateGrant(db, after, moment)
  else await activateGrant(db, before, after, { changedBy: account.id, ...change })
  const event = { connectionId: after.id, actorId, verb: 'accepted' as const, detail: detail(after) }
  await insertEvents(db, eventId, [event], moment)
  if (isBetweenAccounts(after)) {
    const email = { kind: 'accepted' as const, recipientId: invitation.contextId, connectionId: after.id }
    await enqueueEmail(db, email, moment)
  }
  return after
}
