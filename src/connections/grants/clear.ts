import type { Kysely, Transaction } from 'kysely'
import { inBatches } from '../../db/batches.js'
import type { Tables } from '../../db/tables.js'
import { type Event, keepEvents } from '../event-store.js'
import { write } from '../write.js'
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
        if (gone[0]) await keepEvents(transaction, eventId, events, gone[0].moment)
        return gone.length
      }),
    stop,
  )
