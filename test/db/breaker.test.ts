import { type Breaker, breaker } from '../../src/db/breaker.js'

/** While the database is away, requests are refused at once, and one probe after the other looks for it. */

let made: Breaker
afterEach(() => made.close())

/** A breaker with probes that the test answers. */
function watched() {
  const probes: ((isThere: boolean) => void)[] = []
  const reasons: string[] = []
  made = breaker(
    () => new Promise((resolve) => void probes.push(resolve)),
    ({ message }) => void reasons.push(message),
  )
  return { probes, reasons }
}
const refusal = 'The database does not answer; try again in a moment.'
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('the breaker opens without an answer and closes after a probe', async () => {
  const { probes, reasons } = watched()
  made.check()
  made.unanswered(new Error('silent'))
  expect(() => made.check()).toThrow(refusal)
  await settled()
  expect(probes).toHaveLength(1)
  probes[0]?.(false)
  while (probes.length < 2) await settled()
  expect(() => made.check()).toThrow(refusal)
  probes[1]?.(true)
  await settled()
  made.check()
  expect(reasons).toEqual(['silent'])
})

test('one unanswered request among answered ones does not open the breaker', () => {
  const { reasons } = watched()
  made.answered()
  made.unanswered(new Error('slow'))
  made.check()
  expect(reasons).toEqual([])
})

test('any answer closes the breaker at once', async () => {
  const { probes } = watched()
  made.unanswered(new Error('silent'))
  made.answered()
  made.check()
  probes[0]?.(true)
  await settled()
})

test('the breaker runs one probe at a time, and none after its end', async () => {
  const { probes } = watched()
  for (let times = 0; times < 5; times++) made.unanswered(new Error('silent'))
  await settled()
  expect(probes).toHaveLength(1)
  const closed = made.close()
  probes[0]?.(false)
  await closed
  expect(probes).toHaveLength(1)
})
