import type { Kysely, Transaction } from 'kysely'
import { type Event, insertEvents, write } from '../connections/transaction-store.js'
import { inBatches } from '../db/batches.js'
import type { Tables } from '../db/tables.js'
import { deleteExpired } from './grant-store.js'
import { described, type Grant } from './grant.js'

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
