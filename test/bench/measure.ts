/** A candidate and its baseline. */
export interface Pair {
  name: string
  ours: () => unknown
  theirs: () => unknown
  /** How many times as fast ours must be. */
  least: number
}

/**
 * Runs both sides of a pair by turns, so that whatever else the machine does meets both alike.
 *
 * @returns how many times as fast ours is, as the median of the rounds
 */
export async function ratio({ ours, theirs }: Pair, rounds = 15, roundMs = 150): Promise<number> {
  const ratios: number[] = []
  await perSecond(ours, roundMs)
  await perSecond(theirs, roundMs)
  for (let round = 0; round < rounds; round++) {
    const theirRate = await perSecond(theirs, roundMs)
    ratios.push((await perSecond(ours, roundMs)) / theirRate)
  }
  return ratios.sort((a, b) => a - b)[Math.floor(rounds / 2)] as number
}

async function perSecond(work: () => unknown, ms: number): Promise<number> {
  const start = performance.now()
  let count = 0
  while (performance.now() - start < ms) {
    await work()
    count++
  }
  return (count * 1000) / (performance.now() - start)
}
