import { AsyncLocalStorage } from 'node:async_hooks'
import pLimit from 'p-limit'
import { Failure } from '../errors.js'

/** Runs work once it is its turn. */
export type Queue = <Result>(work: () => Promise<Result>) => Promise<Result>

/** How long the work whose turn it is may wait for a place among writers, in milliseconds. */
const patience = new AsyncLocalStorage<number>()

/** The patience of the work that asks; undefined for work that takes no turn. */
export const patienceNow = (): number | undefined => patience.getStore()

/**
 * A queue for the calls of a program, which come in any number at once: a few run, the others wait. Work that is called
 * by work whose turn it is runs at once, since else the two could wait for each other.
 *
 * @param atOnce how many run
 * @param most how many wait
 * @param longest how long each waits while none comes to an end, in milliseconds: a queue that moves is not given up,
 *   however slow the machine
 * @returns rejects with Failure `unavailable` what finds too many waiting, or waited too long
 */
export function boundedQueue(atOnce: number, most: number, longest: number): Queue {
  const inTurn = pLimit(atOnce)
  let present = 0
  let lastEnd = -Infinity
  return (work) => {
    if (patienceNow() !== undefined) return work()
    if (present >= atOnce + most) return Promise.reject(refusal(`${most} calls wait already`))
    present++
    return new Promise((resolve, reject) => {
      const asked = performance.now()
      let isOver = false
      let timer = setTimeout(giveUp, longest)
      function giveUp() {
        const left = Math.max(asked, lastEnd) + longest - performance.now()
        if (left > 0) return void (timer = setTimeout(giveUp, left))
        isOver = true
        present--
        reject(refusal(`no call has come to an end for ${longest} ms`))
      }
      void inTurn(async () => {
        if (isOver) return
        clearTimeout(timer)
        await patience.run(longest, work).then(resolve, reject)
        present--
        lastEnd = performance.now()
      })
    })
  }
}

const refusal = (reason: string) =>
  new Failure('unavailable', `There is too much to do at this moment: ${reason}. Try again in a few seconds.`)
