import type { Kysely, RawBuilder } from 'kysely'
import type { Tables } from './tables.js'

const defaultBatchSize = 1_000

/**
 * Deletes rows in batches, to keep statements and row locks short.
 *
 * @param deletion returns a statement that deletes at most `limit` rows
 * @param stop ends the work after the current batch
 * @returns the number of deleted rows
 */
export const deleteInBatches = (
  db: Kysely<Tables>,
  deletion: (limit: number) => RawBuilder<unknown>,
  stop?: AbortSignal,
): Promise<number> =>
  // The embedded database omits a count of 0.
  inBatches(async (limit) => Number((await deletion(limit).execute(db)).numAffectedRows ?? 0), stop)

/**
 * Changes rows in batches, until a batch is not full or `stop` is aborted.
 *
 * @param changeSome changes at most `limit` of the remaining rows and returns the number changed
 * @param stop ends the work after the current batch
 * @returns the number of changed rows
 */
export async function inBatches(
  changeSome: (limit: number) => Promise<number>,
  stop?: AbortSignal,
  batchSize = defaultBatchSize,
): Promise<number> {
  let changed = 0
  let count: number
  do {
    count = await changeSome(batchSize)
    changed += count
  } while (count === batchSize && !stop?.aborted)
  return changed
}
