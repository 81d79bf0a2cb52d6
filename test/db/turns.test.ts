import { type Clock, install } from '@sinonjs/fake-timers'
import { boundedQueue } from '../../src/db/turns.js'

/** Work that goes on until it is told to end. */
function work() {
  let end = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  let begin = () => {}
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const run = async () => {
    begin()
    await ended
    return 'done'
  }
  return { run, end, begun }
}

const tooMuch = { code: 'unavailable', message: expect.stringContaining('The server is overloaded') }
const hour = 3_600_000

test('a queue runs a number of calls at once and the others in order', async () => {
  const inTurn = boundedQueue(2, 10, hour)
  const all = Array.from({ length: 5 }, work)
  const begun: number[] = []
  all.forEach((each, index) => void each.begun.then(() => begun.push(index)))
  const results = all.map(({ run }) => inTurn(run))
  await Promise.all([all[0]?.begun, all[1]?.begun])
  expect(begun).toEqual([0, 1])
  all[1]?.end()
  await all[2]?.begun
  expect(begun).toEqual([0, 1, 2])
  for (const { end } of all) end()
  expect(await Promise.all(results)).toEqual(Array(5).fill('done'))
  expect(begun).toEqual([0, 1, 2, 3, 4])
})

test('a full queue refuses a call, and accepts it later', async () => {
  const inTurn = boundedQueue(1, 2, hour)
  const [first, second, third, fourth] = [work(), work(), work(), work()]
  const running = [inTurn(first.run)]
  await first.begun
  running.push(inTurn(second.run), inTurn(third.run))
  await expect(inTurn(fourth.run)).rejects.toMatchObject(tooMuch)
  first.end()
  await second.begun
  running.push(inTurn(fourth.run))
  for (const { end } of [second, third, fourth]) end()
  expect(await Promise.all(running)).toEqual(Array(4).fill('done'))
})

describe('with a fake clock', () => {
  let clock: Clock
  beforeEach(() => void (clock = install()))
  afterEach(() => clock.uninstall())
  const pass = (milliseconds: number) => clock.tickAsync(milliseconds)

  test('a call in a stalled queue is refused and frees its place', async () => {
    const inTurn = boundedQueue(1, 1, 1000)
    const [holder, late, next] = [work(), work(), work()]
    const held = inTurn(holder.run)
    const outcomes: string[] = []
    const lost = inTurn(late.run).catch(() => outcomes.push('late'))
    void late.begun.then(() => outcomes.push('begun'))
    await pass(999)
    expect(outcomes).toEqual([])
    await pass(1)
    await lost
    expect(outcomes).toEqual(['late'])
    const after = inTurn(next.run)
    next.end()
    holder.end()
    expect(await Promise.all([held, after])).toEqual(['done', 'done'])
    expect(outcomes).toEqual(['late'])
  })

  test('a call in a slow queue that moves is not refused', async () => {
    const inTurn = boundedQueue(1, 10, 1000)
    const all = [work(), work(), work(), work()]
    const results = Promise.all(all.map(({ run }) => inTurn(run)))
    for (const { begun, end } of all) {
      await begun
      await pass(900)
      end()
    }
    expect(await results).toEqual(Array(4).fill('done'))
  })
})

test('a nested call runs at once', async () => {
  const inTurn = boundedQueue(1, 0, hour)
  expect(await inTurn(() => inTurn(() => inTurn(() => Promise.resolve('inside'))))).toBe('inside')
})

test('a failed call frees its place', async () => {
  const inTurn = boundedQueue(1, 10, hour)
  const failing = inTurn(() => Promise.reject(new Error('no')))
  const next = inTurn(() => Promise.resolve('next'))
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('next')
})
