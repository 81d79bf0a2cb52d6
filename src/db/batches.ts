import type { Kysely, RawBuilder } from 'kysely'
import type { Tables } from './tables.js'

const defaultBatchSize = 1_000

/**
 * Deletes rows in batches, so that no statement takes long and no row is locked for long.
 *
 * @param deletion a statement that deletes at most so many rows
 * @param stop ends it after a batch
 * @returns how many rows were deleted
 */
export const deleteInBatches = (
  db: Kysely<Tables>,
  deletion: (most: number) => RawBuilder<unknown>,
  stop?: AbortSignal,
): Promise<number> =>
  // The embedded database leaves the number out if it is 0.
  inBatches(async (most) => Number((await deletion(most).execute(db)).numAffectedRows ?? 0), stop)

/**
 * Changes rows in batches, as `deleteInBatches` deletes them.
 *
 * @param changeSome changes at most so many of the rows that are left, and returns how many it changed
 */
export async function inBatches(
  changeSome: (most: number) => Promise<number>,
  stop?: AbortSignal,
  batch = defaultBatchSize,
): Promise<number> {
  let changed = 0
  let count: number
  do {
    count = await changeSome(batch)
    changed += count
  } while (count === batch && !stop?.aborted)
  return changed
}
