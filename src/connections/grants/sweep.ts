import { setTimeout as wait } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { clear } from './clear.js'
import { deleteExpired } from './grant-store.js'

const betweenSweeps = 600_000

/**
 * Deletes what has expired: invitations and links that nobody sees any more. It frees their space and keeps that they
 * ended; any number of processes may do it.
 *
 * @returns how many there were
 */
export const sweep = (db: Kysely<Tables>): Promise<number> => clear(db, 'expired', deleteExpired)

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
