import { setTimeout as wait } from 'node:timers/promises'
import { Failure } from '../errors.js'

/** Circuit breaker: knows whether the database is away, so that requests need not wait to find out. */
export interface Breaker {
  /** @throws Failure `unavailable` while the database is known to be away */
  check(): void
  /** The database answered something, so it is there. */
  answered(): void
  /** A connection or a statement got no answer. Without another answer in the last second, the database is away. */
  unanswered(error: Error): void
  /** Stops looking for it. */
  close(): Promise<void>
}

const recent = 1_000
/** Short of a second, so that the first request a second after its return is served. */
const probeIntervalMs = 800

/**
 * @param probe whether the database answers now; asked once a second while it is away
 * @param onAway hears why the database counts as away, once each time
 */
export function breaker(probe: (end: AbortSignal) => Promise<boolean>, onAway: (error: Error) => void): Breaker {
  const end = new AbortController()
  let lastAnswer = -Infinity
  let isAway = false
  let watching = Promise.resolve()

  const watch = async () => {
    while (isAway && !end.signal.aborted) {
      const pause = wait(probeIntervalMs, undefined, { ref: false, signal: end.signal }).catch(() => {})
      if (await probe(end.signal)) isAway = false
      else await pause
    }
  }

  return {
    check: () => {
      if (!isAway) return
      throw new Failure('unavailable', 'The database does not answer; try again in a moment.')
    },
    answered: () => {
      lastAnswer = performance.now()
      isAway = false
    },
    unanswered: (error) => {
      if (isAway || end.signal.aborted || performance.now() - lastAnswer < recent) return
      isAway = true
      onAway(error)
      watching = watching.then(watch)
    },
    close: () => {
      end.abort()
      return watching
    },
  }
}
