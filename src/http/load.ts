import type { RequestHandler } from 'express'
import { Failure } from '../errors.js'

/**
 * Refuses a request while so many others are under way: whoever waits behind them would give up before the answer, and
 * cost the others time (trust, H6). A refusal costs next to nothing. `/live` is always answered.
 *
 * @throws Failure `unavailable`
 */
export function atMost(count: number): RequestHandler {
  let underWay = 0
  return (request, response, next) => {
    if (request.path === '/live') return next()
    if (underWay >= count) throw new Failure('unavailable', 'The server is busy; try again in a moment.')
    underWay++
    response.once('close', () => underWay--)
    next()
  }
}
