import type { ServerResponse } from 'node:http'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import pLimit from 'p-limit'
import { Failure } from '../errors.js'
import type { Head } from './exchange.js'

/** With fewer answers than this, the bytes of all of them are added up first. */
const maxSmall = 500
/** Maximum number of concurrent requests. */
const maxServed = 200
/** Maximum number of expensive requests that run at once, and that wait. */
const expensive = { atOnce: 3, waiting: 24 }
/** Maximum bytes of unread answers, in total and per network. Expensive requests are refused at half of that. */
const maxUnread = { all: 64 * 1024 * 1024, network: 16 * 1024 * 1024 }

/** Keeps the server responsive under overload (docs/trust.md, H6; Failure modes). */
export interface Load {
  /**
   * Takes one of the `maxServed` places, and returns a function that frees it.
   *
   * @throws Failure `unavailable` if all are taken
   */
  readonly takePlace: () => () => void
  /**
   * Admits a request. Refuses a network with too many bytes of unread answers. If all networks together have too many,
   * disconnects those with the most. `/live` is always admitted.
   *
   * @throws Failure `unavailable` if the server is overloaded, `tooMany` for a network with too many unread bytes
   */
  readonly admit: (response: ServerResponse, head: Pick<Head, 'path' | 'client'>) => Place
}

/** The place of an admitted request. */
export interface Place {
  /** Waits for a turn to do expensive work. Rejects with the same failures as `admit`, at lower limits. */
  readonly turn: () => Promise<void>
  /**
   * Frees the place, and ends the turn. Call it when the answer is made. Do not wait until the client has read the
   * answer, since that may be much later. Do not call it when the client disconnects, since the work continues.
   */
  readonly leave: () => void
}

/**
 * Creates the load control of a server.
 *
 * @param loopDelay returns the delay of the event loop in milliseconds
 * @param maxDelay the delay above which requests are refused; expensive ones are refused above a third of it
 * @param maxWait the maximum wait for a turn, in milliseconds
 */
export function openLoad(loopDelay: () => number, maxDelay: number, maxWait = 2_000): Load {
  let taken = 0
  const answers = new Map<ServerResponse, string>()
  const turns = pLimit(expensive.atOnce)

  const takePlace = () => {
    if (taken >= maxServed) throw busy()
    taken++
    let isMine = true
    return () => {
      if (isMine) taken--
      isMine = false
    }
  }

  const unread = () => {
    let bytes = 0
    for (const response of answers.keys()) bytes += response.writableLength
    return bytes
  }

  const unreadByNetwork = () => {
    const bytes = new Map<string, number>()
    for (const [response, network] of answers) {
      // If a connection breaks, Node emits no `close` event for an answer that is queued behind an earlier one.
      if (response.req.socket.destroyed) answers.delete(response)
      else bytes.set(network, (bytes.get(network) ?? 0) + response.writableLength)
    }
    return bytes
  }

  const disconnect = (from: string) => {
    for (const [response, network] of answers) if (network === from) response.req.socket.destroy()
  }

  const checkUnread = (from: string, share: number) => {
    if (answers.size < maxSmall && unread() <= maxUnread.network * share) return
    const bytes = unreadByNetwork()
    if ((bytes.get(from) ?? 0) > maxUnread.network * share) {
      throw new Failure('tooMany', 'Too many unread answers. Read them before sending more requests.')
    }
    // Clients that never read must not block all others.
    let all = [...bytes.values()].reduce((sum, own) => sum + own, 0)
    for (const [network, own] of [...bytes].sort(([, one], [, other]) => other - one)) {
      if (all <= maxUnread.all * share) return
      if (network === from) throw busy()
      disconnect(network)
      all -= own
    }
  }

  /** @param made resolves when the answer is made */
  const waitForTurn = async ({ req: { socket } }: ServerResponse, network: string, made: Promise<void>) => {
    if (loopDelay() > maxDelay / 3 || turns.pendingCount >= expensive.waiting) throw busy()
    const asked = performance.now()
    await new Promise<void>((begin) => {
      void turns(() => {
        begin()
        return made
      })
    })
    if (socket.destroyed || performance.now() - asked > maxWait) throw busy()
    checkUnread(network, 0.5)
  }

  const admit: Load['admit'] = (response, { path, client: { network } }) => {
    if (path === '/live') return noPlace
    if (loopDelay() > maxDelay) throw busy()
    checkUnread(network, 1)
    const freePlace = takePlace()
    answers.set(response, network)
    response.once('close', () => answers.delete(response))

    let endTurn = () => {}
    let turn: Promise<void> | undefined
    return {
      turn: () => (turn ??= waitForTurn(response, network, new Promise((resolve) => (endTurn = resolve)))),
      leave: () => {
        freePlace()
        endTurn()
      },
    }
  }

  return { takePlace, admit }
}

const noPlace: Place = { turn: () => Promise.resolve(), leave: () => {} }

const busy = () => new Failure('unavailable', 'The server is busy. Try again in a moment.')

/** A chunk of the largest entries takes a few milliseconds. */
const entriesPerChunk = 25

/** Maps values in chunks. Other requests can run between two chunks. */
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

const resolutionMs = 10
const windowMs = 500

/**
 * Creates a function that returns the recent average delay of the event loop in milliseconds. The first call starts the
 * measurement.
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
      histogram = monitorEventLoopDelay({ resolution: resolutionMs })
      histogram.enable()
      begin()
    } else if (performance.now() - begun >= windowMs && histogram.count > 0) {
      delay = Math.max(0, histogram.mean / 1e6 - resolutionMs)
      begin()
    }
    return delay
  }
}
