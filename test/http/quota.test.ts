import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { appPasswordOf } from '../support/app-passwords.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { openModule } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

let database: TestDatabase
let client: Client
let clock = Date.parse('2026-11-25T12:00:15Z')
beforeAll(async () => {
  database = await freshDatabase()
  for (const name of ['ann', 'bo']) await addPerson(database.db, name, { password: signInSecret })
  const { world } = await openModule(database)
  client = await startClient(database.db, { REQUESTS_PER_MINUTE: '5' }, () => new Date(clock), 'test', world)
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const path = '/profiles/atom/connections.do?connectionType=colleague'
const ann = { as: 'ann:colleagues' }

test('an account has so many requests a minute, by whatever door and credential, and the others have theirs', async () => {
  const { headers } = await client.send(path, ann)
  const { bearer } = await appPasswordOf(database.db, 'ann')
  expect((await client.send(path, bearer)).status).toBe(200)
  expect((await client.send('/v2/connections', bearer)).status).toBe(200)
  expect((await client.send('/v2/connections/0190cafe-0000-7000-8000-000000000001', ann)).status).toBe(404)
  const poll = { ...ann, headers: { 'If-None-Match': headers.etag as string } }
  for (let time = 0; time < 20; time++) expect((await client.send(path, poll)).status).toBe(304)
  expect((await client.send(path, ann)).status).toBe(200)

  const refused = await client.send(path, ann)
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '45'])
  expect(refused.headers['content-type']).toBe('text/xml;charset=UTF-8')
  expect(refused.text).toContain('An account may send 5 requests a minute; wait 45 seconds.')
  const program = await client.send('/v2/connections', bearer)
  expect([program.status, program.headers['retry-after']]).toEqual([429, '45'])
  expect(JSON.parse(program.text)).toMatchObject({
    code: 'kThrottled',
    errCode: 'cortex.throttled.unspecified',
    status: 429,
  })
  expect((await client.send(path, { as: 'bo:colleagues' })).status).toBe(200)
  expect((await client.send(`${path}&userid=ann`)).status).toBe(200)

  clock += 45_000
  expect((await client.send(path, ann)).status).toBe(200)
})

test.each([
  '/profiles/html/profileView.do?userid=bo',
  '/profiles/html/picture.do',
  '/profiles/html/appPasswords.do',
  '/profiles/atom/search.do?search=bo',
  path,
])('a page is one request, whatever it is made of: %s', async (page) => {
  clock += 60_000
  const asked = { ...ann, headers: { accept: 'text/html' } }
  for (let time = 0; time < 5; time++) expect((await client.send(page, asked)).status).toBe(200)
  expect((await client.send(page, asked)).status).toBe(429)
})
