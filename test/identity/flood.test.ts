import { availableParallelism } from 'node:os'
import { appPasswordOf } from '../support/app-passwords.js'
import { listenTo, real } from '../support/argon2.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson, signInSecret } from '../support/world.js'

let gate: Promise<void> = Promise.resolve()
let running = 0
listenTo('verify').mockImplementation(async (...asked) => {
  running++
  await gate
  return real.verify(...asked).finally(() => running--)
})

let database: TestDatabase
let client: Client
beforeAll(async () => {
  database = await freshDatabase()
  await addPerson(database.db, 'ann', { password: signInSecret })
  client = await startClient(database.db)
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const path = '/profiles/atom/connections.do?connectionType=colleague'

test('a flood of wrong passwords leaves known users served (A5)', async () => {
  const app = await appPasswordOf(database.db, 'ann')
  expect((await client.send(path, { as: 'ann:colleagues' })).status).toBe(200)

  let open = () => {}
  gate = new Promise((resolve) => (open = resolve))
  const places = Math.max(1, availableParallelism() - 1) + 32
  const flood = Array.from({ length: places + 20 }, (_, index) => client.send(path, { as: `nobody ${index}:wrong` }))
  const early: number[] = []
  for (const each of flood) void each.then(({ status, headers }) => early.push(status, Number(headers['retry-after'])))
  while (early.length < 40) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(running).toBe(Math.max(1, availableParallelism() - 1))
  for (let poll = 0; poll < 10; poll++) {
    expect((await client.send(path, { as: 'ann:colleagues' })).status).toBe(200)
    expect((await client.send(path, { as: `ann:${app.secret}` })).status).toBe(200)
    expect((await client.send(path, app.bearer)).status).toBe(200)
  }
  expect(early).toEqual(Array.from({ length: 20 }, () => [503, 1]).flat())

  open()
  const answers = await Promise.all(flood)
  const count = (status: number) => answers.filter((answer) => answer.status === status).length
  expect([count(401), count(503)]).toEqual([places, 20])
})
