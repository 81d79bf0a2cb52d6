import { setTimeout as wait } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Config } from '../config.js'
import type { Tables } from '../db/tables.js'
import { sweepSessions } from '../identity/session-store.js'
import { sweepAddresses } from '../identity/throttle-store.js'
import { sweepOutbox } from '../mail/outbox-store.js'
import { fillSearchWords } from '../people/search-store.js'
import { sweep, sweepEvents } from '../sharing/delete.js'

const betweenSweeps = 600_000

/**
 * Every ten minutes, deletes what is over and fills in missing search words. Ends after the batch that runs when it is
 * told to stop. Any number of processes may do this. Never rejects: what failed is tried again next time.
 */
export async function sweepOften(
  db: Kysely<Tables>,
  { EVENT_DAYS }: Pick<Config, 'EVENT_DAYS'>,
  failed: (error: unknown) => void,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    await sweep(db, stop).catch(failed)
    await sweepSessions(db, stop).catch(failed)
    await sweepAddresses(db, stop).catch(failed)
    await sweepEvents(db, EVENT_DAYS, stop).catch(failed)
    await sweepOutbox(db, EVENT_DAYS, stop).catch(failed)
    await fillSearchWords(db, stop).catch(failed)
    await wait(betweenSweeps, undefined, { signal: stop }).catch(() => {})
  }
}
