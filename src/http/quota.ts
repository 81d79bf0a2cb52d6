import type { Response } from 'express'
import { LRUCache } from 'lru-cache'
import { counted } from '../counted.js'
import { Failure } from '../errors.js'

const minute = 60_000

/**
 * Makes the function that counts the requests of each account, by the minute and for this process. A request that finds
 * nothing new is free (trust, 7 and H2): whoever polls well may poll often.
 *
 * @param now the time in milliseconds
 * @returns counts a request whose answer this will be; throws Failure `tooMany` where there were `most` in this minute
 */
export function quota(most: number, now: () => number): (accountId: string, response: Response) => void {
  const counts = new LRUCache<string, { readonly minute: number; count: number }>({ max: 10_000 })
  return (accountId, response) => {
    const time = now()
    const known = counts.get(accountId)
    const current = Math.floor(time / minute)
    const ours = known?.minute === current ? known : { minute: current, count: 0 }
    if (ours.count >= most) {
      const retryAfter = Math.ceil(((current + 1) * minute - time) / 1000)
      throw new Failure(
        'tooMany',
        `An account may send ${most} requests a minute; wait ${counted(retryAfter, 'second')}.`,
        {
          retryAfter,
        },
      )
    }
    ours.count++
    counts.set(accountId, ours)
    response.once('finish', () => {
      if (response.statusCode === 304) ours.count--
    })
  }
}
