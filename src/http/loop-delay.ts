import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

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
