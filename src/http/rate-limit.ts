import type { Response } from 'express'
import { LRUCache } from 'lru-cache'
import { Failure } from '../errors.js'
import { counted } from '../formats.js'

const minute = 60_000

/**
 * Makes the function that counts requests by the minute, for this process. A request that finds nothing new is free
 * (docs/trust.md, Limits; H2): a client that polls well may poll often.
 *
 * @param now the time in milliseconds
 * @param rule a sentence about `most`, up to the word `wait`
 * @returns counts a request of the sender with this key, whose answer this will be; throws Failure `tooMany` if there
 *   were `most` in this minute
 */
export function quota(most: number, now: () => number, rule: string): (key: string, response: Response) => void {
  const counts = new LRUCache<string, { readonly minute: number; count: number }>({ max: 10_000 })
  return (key, response) => {
    const time = now()
    const known = counts.get(key)
    const current = Math.floor(time / minute)
    const ours = known?.minute === current ? known : { minute: current, count: 0 }
    if (ours.count >= most) {
      const retryAfter = Math.ceil(((current + 1) * minute - time) / 1000)
      throw new Failure('tooMany', `${rule} wait ${counted(retryAfter, 'second')}.`, { retryAfter })
    }
    ours.count++
    counts.set(key, ours)
    response.once('finish', () => {
      if (response.statusCode === 304) ours.count--
    })
  }
}
