import fc from 'fast-check'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { connectionEntry } from '../support/entries.js'
import { addPerson, connect, signInSecret } from '../support/world.js'
import { parse } from '../support/xml.js'

/** Random requests (docs/trust.md, I2; I5): no answer is a server error, and every document is well-formed. */

let database: TestDatabase
let client: Client
let row: string
beforeAll(async () => {
  database = await freshDatabase()
  const ann = await addPerson(database.db, 'ann', { password: signInSecret, login: 'ann.desk' })
  const bo = await addPerson(database.db, 'bo', { profile: { managerLogin: 'ann.desk' } })
  await database.db
    .updateTable('account')
    .set({ roles: ['admin'] })
    .where('id', '=', ann)
    .execute()
  row = await connect(database.db, ann, bo, 'accepted')
  client = await startClient(database.db)
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const resources = [
  '/atom/connections.do',
  '/atom/connection.do',
  '/atom/connectionsInCommon.do',
  '/atom/profile.do',
  '/atom/profileEntry.do',
  '/atom/profileService.do',
  '/atom/profileType.do',
  '/atom/search.do',
  '/atom/reportingChain.do',
  '/atom/peopleManaged.do',
  '/vcard/profile.do',
  '/photo.do',
  '/html/profileView.do',
  '/admin/atom/connections.do',
]
const names = [
  ...['connectionType', 'userid', 'key', 'email', 'status', 'outputType', 'output', 'format', 'inclMessage', 'since'],
  ...['sortBy', 'sortOrder', 'page', 'ps', 'pos', 'connectionId', 'sourceUserid', 'sourceKey', 'targetUserid'],
  ...['targetEmail', 'search', 'name', 'type', 'action', 'lastMod', 'encoding', '__proto__', 'constructor'],
]
const values = [
  ...['colleague', 'ann', 'bo', 'ann,bo', 'ann@example.com', 'pending', 'accepted', 'profile', 'vcard', 'true', '250'],
  ...['2026-01-01T00:00:00Z', '%00', '%ff', '%', "'", '*', 'a*', ' ', '', '💥', '\u202e', '-1', '1e9', 'complete'],
]

const parameter = fc.tuple(
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: fc.string() }),
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...values, ':row') },
    { weight: 2, arbitrary: fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(text.toWellFormed())) },
    { weight: 1, arbitrary: fc.uuid() },
  ),
)
const body = fc.oneof(
  fc.constant(connectionEntry('pending', 'x')),
  fc.constant(connectionEntry('accepted', 'x')),
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(fc.constantFrom('<entry>', '</entry>', '<a:b ', 'xmlns="x"', '&#0;', ']]>', '<!--', '-->', 'x', '<content>'))
    .map((pieces) => pieces.join('')),
)
const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE'),
  prefix: fc.constantFrom('/profiles', '/profiles/oauth', ''),
  resource: fc.constantFrom(...resources),
  parameters: fc.array(parameter, { maxLength: 6 }),
  isSignedIn: fc.boolean(),
  body,
})

test('no request causes a server error', async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ method, prefix, resource, parameters, isSignedIn, body }) => {
      const query = parameters.map(([name, value]) => `${encodeURIComponent(name.toWellFormed())}=${value}`).join('&')
      const address = `${prefix}${resource}?${query.replaceAll(':row', row)}`.replace(/[^!-~]/gu, encodeURIComponent)
      const answer = await client.send(address, {
        method,
        ...(isSignedIn && { as: 'ann:colleagues' }),
        ...(method !== 'GET' && method !== 'HEAD' && { body }),
      })
      expect(answer.status).toBeLessThan(500)
      if (/xml/.test(String(answer.headers['content-type'])) && answer.body.length > 38) parse(answer.text)
      expect(answer.text).not.toMatch(/\bat \w+ \(|select |node_modules/)
    }),
    { numRuns: 400 },
  )
})
