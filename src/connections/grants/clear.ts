import type { Kysely, Transaction } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { type Event, keepEvents } from '../event-store.js'
import { write } from '../write.js'
import { described, type Grant } from './grant.js'

const atOnce = 1000

/**
 * Deletes connections that have ended without anybody's doing, some at a time, and keeps that they have.
 *
 * @param deleteSome deletes no more than so many of them, and returns what they were and when
 * @returns how many there were
 */
export async function clear(
  db: Kysely<Tables>,
  verb: Event['verb'],
  deleteSome: (transaction: Transaction<Tables>, most: number) => Promise<(Grant & { moment: Date })[]>,
): Promise<number> {
  let cleared = 0
  for (;;) {
    const count = await write(db, async (transaction, eventId) => {
      const gone = await deleteSome(transaction, atOnce)
      const events = gone.map((grant): Event => ({
        connectionId: grant.id,
        actorId: null,
        verb,
        detail: described(grant),
      }))
      if (gone[0]) await keepEvents(transaction, eventId, events, gone[0].moment)
      return gone.length
    })
    cleared += count
    if (count < atOnce) return cleared
  }
}
