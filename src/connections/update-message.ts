import type { Kysely, Transaction } from 'kysely'
import type { Context } from '../context.js'
import type { Tables } from '../db/tables.js'
import type { Account, Caller } from '../people/account.js'
import { existing } from './find.js'
import { type Colleague, movesBetween, relationshipOf, type Status } from './model.js'
import { checkIsOneOf, signedIn, statusChange } from './rules.js'
import { insertEvents, type Precondition, write } from './transaction-store.js'
import { bumpNetworks, lockNetworks, updateRelationship } from './write-store.js'

/**
 * Replaces the message of a connection or an invitation (docs/wire.md, Accept). No-op if nothing changes.
 *
 * @param id of either person's view
 * @param status the status sent by the client (`statusChange`)
 * @throws Failure as `changeView`
 */
export const updateMessage = (
  { db }: Pick<Context, 'db'>,
  caller: Caller,
  id: string,
  status: Exclude<Status, 'accepted'>,
  message: string,
  precondition: Precondition,
): Promise<void> => changeView(db, caller, id, status, precondition, (view) => replaceMessage(view, message))

/** A view that is being changed. The lists of both people are locked. */
interface LockedView {
  readonly transaction: Transaction<Tables>
  /** Id for the first event of the change. */
  readonly eventId: string
  readonly moment: Date
  readonly writer: Account
  readonly current: Colleague
  readonly step: ReturnType<typeof statusChange>
}

/**
 * Changes a view of a connection in one transaction.
 *
 * @param status the requested status
 * @throws Failure `unauthenticated` for an anonymous caller, `notFound` for an unknown id, `forbidden` or `invalid` as
 *   `statusChange`, and the error of the precondition
 */
export async function changeView(
  db: Kysely<Tables>,
  caller: Caller,
  id: string,
  status: Status,
  precondition: Precondition,
  change: (view: LockedView) => Promise<void>,
): Promise<void> {
  const writer = signedIn(caller)
  const known = await existing(db, id)
  checkIsOneOf(writer, relationshipOf(known))

  await write(db, async (transaction, eventId) => {
    const moment = await lockNetworks(transaction, [known.owner.id, known.peer.id])
    const current = await existing(transaction, id)
    const step = statusChange(status, writer, current)
    precondition(current)
    await change({ transaction, eventId, moment, writer, current, step })
  })
}

/** Replaces the message of a view; no-op if it does not change. @param message undefined for no change */
export async function replaceMessage(view: LockedView, message: string | undefined): Promise<void> {
  const { transaction, eventId, moment, writer, current } = view
  if (message === undefined || message === current.message) return
  const relationship = relationshipOf(current)
  await updateRelationship(transaction, relationship, { changedBy: writer.id, message, moment })
  await bumpNetworks(transaction, movesBetween(relationship, relationship), moment)
  const event = { ...relationship, verb: 'rewritten' as const, actorId: writer.id }
  await insertEvents(transaction, eventId, [event], moment)
}
