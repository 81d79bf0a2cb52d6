import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Request, RequestHandler, Response } from 'express'
import pLimit from 'p-limit'
import { Failure } from '../errors.js'
import { networkOf } from '../identity/throttle-store.js'

/** How many requests are served at the same time. */
const places = 200
/** How many dear ones of these are worked on, and how many wait for that. */
const expensive = { atOnce: 3, waiting: 24 }
/**
 * How many bytes of answers clients may leave unread, in all and at one address. For dear requests it is half of that.
 */
const unread = { all: 64 * 1024 * 1024, address: 16 * 1024 * 1024 }

/** What keeps a server that is asked for too much from serving nobody (docs/trust.md, H6; Failure modes). */
export interface Load {
  /** Takes one of the places. @returns gives it back. @throws Failure `unavailable` if there is none */
  readonly takePlace: () => () => void
  /**
   * Middleware: a request has a place from here until its answer is made. Answers that clients do not read are bounded by
   * their bytes: an address that leaves too much is refused, and if all of them leave too much, those with the most give
   * way. `/live` is always answered.
   *
   * @throws Failure `unavailable`, or `tooMany` for an address that leaves too much unread
   */
  readonly admit: RequestHandler
  /**
   * Waits for a turn, for a request whose answer costs many times what others do. The turn ends when the answer is made.
   *
   * @throws Failure as `admit`, but sooner
   */
  readonly turn: (request: Request, response: Response) => Promise<void>
}

/**
 * Makes it, once for a server.
 *
 * @param loopDelay by how many milliseconds the event loop is late
 * @param latest by how many it may be; for dear requests it is a third of that
 * @param longestWait for a turn, in milliseconds
 */
export function openLoad(loopDelay: () => number, latest: number, longestWait = 2_000): Load {
  let taken = 0
  const answers = new Map<Response, string>()
  const inTurn = pLimit(expensive.atOnce)
  const hasTurn = new WeakSet<Response>()

  const takePlace = () => {
    if (taken >= places) throw busy()
    taken++
    let isMine = true
    return () => {
      if (isMine) taken--
      isMine = false
    }
  }

  const unreadByAddress = () => {
    const bytes = new Map<string, number>()
    for (const [response, address] of answers) {
      // Node says nothing of an answer that waits for an earlier one on a connection that breaks.
      if (response.req.socket.destroyed) answers.delete(response)
      else bytes.set(address, (bytes.get(address) ?? 0) + response.writableLength)
    }
    return bytes
  }

  const closeAll = (from: string) => {
    for (const [response, address] of answers) if (address === from) response.req.socket.destroy()
  }

  const checkUnread = (from: string, share: number) => {
    const bytes = unreadByAddress()
    if ((bytes.get(from) ?? 0) > unread.address * share) {
      throw new Failure('tooMany', 'Read the answers that wait for you first.')
    }
    // A few who never read must not have everybody else refused.
    let all = [...bytes.values()].reduce((sum, own) => sum + own, 0)
    for (const [address, own] of [...bytes].sort(([, one], [, other]) => other - one)) {
      if (all <= unread.all * share) return
      if (address === from) throw busy()
      closeAll(address)
      all -= own
    }
  }

  const admit: RequestHandler = (request, response, next) => {
    if (request.path === '/live') return next()
    if (loopDelay() > latest) throw busy()
    const address = networkOf(request.ip ?? '')
    checkUnread(address, 1)
    whenMade(response, takePlace())
    answers.set(response, address)
    response.once('close', () => answers.delete(response))
    next()
  }

  const turn: Load['turn'] = async (request, response) => {
    if (hasTurn.has(response)) return
    if (loopDelay() > latest / 3 || inTurn.pendingCount >= expensive.waiting) throw busy()
    const asked = performance.now()
    await new Promise<void>((begin) => {
      void inTurn(() => {
        begin()
        return new Promise<void>((made) => whenMade(response, made))
      })
    })
    hasTurn.add(response)
    if (request.socket.destroyed || performance.now() - asked > longestWait) throw busy()
    checkUnread(networkOf(request.ip ?? ''), 0.5)
  }

  return { takePlace, admit, turn }
}

/**
 * Calls as soon as an answer is made. Not when it is read, for which Node has events: that may be much later. Nor when its
 * client goes away: the work for it goes on, and clients that come and go would get more done than others.
 */
function whenMade(response: Response, done: () => void): void {
  const end = response.end.bind(response)
  response.end = (...parameters: unknown[]) => {
    done()
    return Reflect.apply(end, response, parameters) as Response
  }
}

const busy = () => new Failure('unavailable', 'The server is busy; try again in a moment.')

/** In milliseconds. */
const resolution = 10
const windowMs = 500

/**
 * Makes a function that says by how many milliseconds the event loop was late on average, of late. It measures from the
 * first question on.
 */
export function openLoopDelay(): () => number {
  let histogram: IntervalHistogram | undefined
  let begun = 0
  let delay = 0
  const begin = () => {
    begun = performance.now()
    histogram?.reset()
  }
  return () => {
    if (!histogram) {
      histogram = monitorEventLoopDelay({ resolution })
      histogram.enable()
      begin()
    } else if (performance.now() - begun >= windowMs && histogram.count > 0) {
      delay = Math.max(0, histogram.mean / 1e6 - resolution)
      begin()
    }
    return delay
  }
}
