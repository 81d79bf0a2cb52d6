import type { Kysely, RawBuilder } from 'kysely'
import type { Tables } from './tables.js'

const batch = 1_000

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

/** As `deleteInBatches`, by a function that returns how many rows it deleted. */
export async function inBatches(deleteSome: (most: number) => Promise<number>, stop?: AbortSignal): Promise<number> {
  let deleted = 0
  let count: number
  do {
    count = await deleteSome(batch)
    deleted += count
  } while (count === batch && !stop?.aborted)
  return deleted
}
