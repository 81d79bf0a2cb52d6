import { type ClientRequest, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { addPerson, signInSecret } from '../support/world.js'

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

const feed = '/atom/connections.do?connectionType=colleague&userid=ann'

/** Begins a request and leaves it at that: its body never comes. */
function begin(): ClientRequest {
  const headers = { authorization: `Basic ${Buffer.from('ann:colleagues').toString('base64')}`, 'content-length': 10 }
  const options = { port: client.port, host: '127.0.0.1', method: 'POST', agent: false as const, headers }
  const begun = request({ ...options, path: '/atom/connections.do?userid=ann' })
  begun.on('error', () => {})
  begun.flushHeaders()
  return begun
}

const answer = () => client.send(feed)

test('with two hundred requests under way the next is told to come again, but not that we do not live', async () => {
  const begun: ClientRequest[] = []
  let refused = await answer()
  while (refused.status !== 503) {
    begun.push(...Array.from({ length: 20 }, begin))
    // Whoever signs in after them waits until they have signed in.
    await client.send('/atom/connections.do?connectionType=colleague', { as: 'ann:colleagues' })
    refused = await answer()
  }
  expect(begun.length).toBeGreaterThanOrEqual(200)
  expect(refused.headers['retry-after']).toBe('1')
  expect(refused.text).toContain('The server is busy; try again in a moment.')
  expect((await client.send('/live')).status).toBe(200)
  for (const each of begun) each.destroy()
  while ((await answer()).status !== 200) continue
})
