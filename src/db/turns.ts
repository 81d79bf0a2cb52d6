import { AsyncLocalStorage } from 'node:async_hooks'
import pLimit from 'p-limit'
import { Failure } from '../errors.js'

/** Runs work once the queue has a free slot. */
export type Queue = <Result>(work: () => Promise<Result>) => Promise<Result>

/** The time that running work may wait for a writer slot or a connection, in milliseconds. */
const waitLimits = new AsyncLocalStorage<number>()

/** The wait limit of the calling work; undefined outside a queue. */
export const waitLimit = (): number | undefined => waitLimits.getStore()

/**
 * A bounded queue for the calls of a program. A call made by a queued call bypasses the queue, since the two could
 * otherwise wait for each other.
 *
 * @param concurrency maximum of running calls
 * @param capacity maximum of waiting calls
 * @param stallMs a waiting call gives up if no call has ended for this time; a queue that is slow but still moving does
 *   not time out
 * @returns the queue; it rejects with Failure `unavailable` if it is full or stalled
 */
export function boundedQueue(concurrency: number, capacity: number, stallMs: number): Queue {
  const limit = pLimit(concurrency)
  let present = 0
  let lastEnd = -Infinity
  return (work) => {
    if (waitLimit() !== undefined) return work()
    if (present >= concurrency + capacity) return Promise.reject(overloaded(`${capacity} calls are waiting`))
    present++
    return new Promise((resolve, reject) => {
      const start = performance.now()
      let hasGivenUp = false
      let timer = setTimeout(giveUp, stallMs)
      function giveUp() {
        const left = Math.max(start, lastEnd) + stallMs - performance.now()
        if (left > 0) return void (timer = setTimeout(giveUp, left))
        hasGivenUp = true
        present--
        reject(overloaded(`no call has ended for ${stallMs} ms`))
      }
      void limit(async () => {
        if (hasGivenUp) return
        clearTimeout(timer)
        await waitLimits.run(stallMs, work).then(resolve, reject)
        present--
        lastEnd = performance.now()
      })
    })
  }
}

const overloaded = (reason: string) =>
  new Failure('unavailable', `The server is overloaded: ${reason}. Try again in a few seconds.`)
