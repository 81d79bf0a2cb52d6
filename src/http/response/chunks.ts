import { setImmediate as nextTurn } from 'node:timers/promises'

/** Takes a few milliseconds with the largest entries. */
const entriesPerChunk = 25

/** Maps values, and lets others be answered after every few of them. */
export async function inChunks<Value, Result>(
  values: readonly Value[],
  map: (value: Value) => Result,
): Promise<Result[]> {
  const results: Result[] = []
  for (const value of values) {
    if (results.length > 0 && results.length % entriesPerChunk === 0) await nextTurn()
    results.push(map(value))
  }
  return results
}
