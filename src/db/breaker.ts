import { setTimeout as wait } from 'node:timers/promises'
import { Failure } from '../errors.js'

/** Circuit breaker: requests fail at once while the database is down, instead of waiting for a timeout. */
export interface Breaker {
  /** @throws Failure `unavailable` while the breaker is open */
  check(): void
  /** Reports an answer of the server, even an error. Closes the breaker. */
  answered(): void
  /**
   * Reports a connection attempt or a statement without an answer. Opens the breaker, unless an answer came within the
   * last second.
   */
  unanswered(error: Error): void
  /** Stops probing. */
  close(): Promise<void>
}

const recentAnswerMs = 1_000
/** Less than a second, so that a recovery is usually noticed within a second. */
const probeIntervalMs = 800

/**
 * Creates a closed circuit breaker.
 *
 * @param probe checks whether the database answers; called about once a second while the breaker is open
 * @param onOpen receives the error that opened the breaker
 */
export function breaker(probe: (end: AbortSignal) => Promise<boolean>, onOpen: (error: Error) => void): Breaker {
  const end = new AbortController()
  let lastAnswer = -Infinity
  let isOpen = false
  let watching = Promise.resolve()

  const watch = async () => {
    while (isOpen && !end.signal.aborted) {
      const pause = wait(probeIntervalMs, undefined, { ref: false, signal: end.signal }).catch(() => {})
      if (await probe(end.signal)) isOpen = false
      else await pause
    }
  }

  return {
    check: () => {
      if (!isOpen) return
      throw new Failure('unavailable', 'The database does not answer; try again in a moment.')
    },
    answered: () => {
      lastAnswer = performance.now()
      isOpen = false
    },
    unanswered: (error) => {
      if (isOpen || end.signal.aborted || performance.now() - lastAnswer < recentAnswerMs) return
      isOpen = true
      onOpen(error)
      watching = watching.then(watch)
    },
    close: () => {
      end.abort()
      return watching
    },
  }
}
