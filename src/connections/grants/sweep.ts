import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.js'
import { clear } from './clear.js'
import { deleteExpired } from './grant-store.js'

export { sweepEvents } from '../event-store.js'

/**
 * Deletes what has expired: invitations and links that nobody sees any more. It frees their space and keeps that they
 * ended; any number of processes may do it.
 *
 * @param stop ends it early
 * @returns how many there were
 */
export const sweep = (db: Kysely<Tables>, stop?: AbortSignal): Promise<number> =>
  clear(db, 'expired', deleteExpired, stop)
