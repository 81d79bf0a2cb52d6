import { setTimeout as wait } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { type Event, keepEvents } from '../event-store.js'
import { write } from '../write.js'
import { described } from './grant.js'
import { deleteExpired } from './grant-store.js'

const atOnce = 1000
const betweenSweeps = 600_000

/**
 * Deletes what has expired: invitations and links that nobody sees any more. It frees their space and keeps that they
 * ended; any number of processes may do it.
 *
 * @returns how many there were
 */
export async function sweep(db: Kysely<Tables>): Promise<number> {
  let swept = 0
  for (;;) {
    const gone = await write(db, async (transaction, eventId) => {
      const expired = await deleteExpired(transaction, atOnce)
      const events = expired.map((grant): Event => {
        return { connectionId: grant.id, actorId: null, verb: 'expired', detail: described(grant) }
      })
      if (expired[0]) await keepEvents(transaction, eventId, events, expired[0].moment)
      return expired.length
    })
    swept += gone
    if (gone < atOnce) return swept
  }
}

/**
 * Sweeps every ten minutes until told to stop. Never rejects: what could not be swept is swept next time.
 *
 * @param sweeps what there is to sweep, one after the other
 */
export async function sweepOften(
  sweeps: readonly (() => Promise<unknown>)[],
  failed: (error: unknown) => void,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    for (const each of sweeps) await each().catch(failed)
    await wait(betweenSweeps, undefined, { signal: stop }).catch(() => {})
  }
}
