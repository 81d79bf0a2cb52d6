import type { Socket } from 'node:net'
import { listenTo } from '../support/argon2.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { openVisitor, signIn } from '../support/visitor.js'
import { addPerson, signInSecret } from '../support/world.js'

const verify = listenTo('verify')

let database: TestDatabase
let client: Client
beforeAll(async () => {
  database = await freshDatabase()
  await addPerson(database.db, 'ann', { password: signInSecret })
})
afterAll(() => database.close())
afterEach(async () => {
  await client.close()
  verify.mockClear()
})

const path = '/profiles/atom/connections.do?connectionType=colleague&status=pending'
const elsewhere = '198.51.100.7'

/** A server with these settings, for clients from this address. */
async function start(settings: Record<string, string>, peer: string) {
  client = await startClient(database.db, settings)
  client.server.on('connection', (socket: Socket) => Object.defineProperty(socket, 'remoteAddress', { value: peer }))
}

const trusting = { TRUST_PROXY: `192.0.2.0/24, ${elsewhere}, 127.0.0.1, ::1` }
const insecure = { ALLOW_INSECURE: 'true' }
const forwarded = (proto: string, from = '203.0.113.9') => ({ 'X-Forwarded-Proto': proto, 'X-Forwarded-For': from })

test.each<[string, Record<string, string>, string, Record<string, string>, 'taken' | 'refused']>([
  ['from this machine', {}, '127.0.0.1', {}, 'taken'],
  ['from this machine by IPv6', {}, '::1', {}, 'taken'],
  ['from this machine by IPv4 in IPv6', {}, '::ffff:127.0.0.1', {}, 'taken'],
  ['from elsewhere', {}, elsewhere, {}, 'refused'],
  ['from elsewhere in development', insecure, elsewhere, {}, 'taken'],
  ['from elsewhere, which says https of itself', {}, elsewhere, forwarded('https'), 'refused'],
  ['from elsewhere, which another proxy is trusted to say', trusting, '203.0.113.1', forwarded('https'), 'refused'],
  ['from a trusted proxy that was reached by TLS', trusting, elsewhere, forwarded('https'), 'taken'],
  ['from a trusted proxy of a range', trusting, '192.0.2.77', forwarded('https'), 'taken'],
  ['from a trusted proxy in the open', trusting, elsewhere, forwarded('http'), 'refused'],
  ['from a trusted proxy that does not say', trusting, elsewhere, {}, 'refused'],
  ['from a trusted proxy in the open, in development', { ...trusting, ...insecure }, elsewhere, {}, 'taken'],
  ['from a proxy on this machine by TLS', trusting, '127.0.0.1', forwarded('https'), 'taken'],
  ['from a proxy on this machine in the open', trusting, '127.0.0.1', { 'X-Forwarded-Proto': 'http' }, 'refused'],
  ['from a proxy on this machine that names another', trusting, '::1', { 'X-Forwarded-For': elsewhere }, 'refused'],
  ['from a proxy on this machine that nobody named', {}, '127.0.0.1', forwarded('http'), 'refused'],
  ['from one that says https of itself', {}, '::1', forwarded('https'), 'refused'],
  ['from one that only names whom it serves', {}, '127.0.0.1', { Forwarded: 'for=203.0.113.9' }, 'refused'],
  ['from one that only names itself', {}, '127.0.0.1', { Via: '1.1 proxy' }, 'refused'],
  ['from one that nobody named, in development', insecure, '127.0.0.1', forwarded('http'), 'taken'],
  ['from elsewhere by one that hears it is here', trusting, elsewhere, { 'X-Forwarded-For': '127.0.0.1' }, 'refused'],
])('credentials %s (A1)', async (_, settings, peer, headers, outcome) => {
  await start(settings, peer)
  const right = await client.send(path, { as: 'ann:colleagues', headers })
  expect(right.status).toBe(outcome === 'taken' ? 200 : 403)
  if (outcome === 'taken') return
  const wrong = await client.send(path, { as: 'ann:another password', headers })
  expect({ ...wrong, headers: { ...wrong.headers, date: '' } }).toEqual({
    ...right,
    headers: { ...right.headers, date: '' },
  })
  expect(right.headers).not.toHaveProperty('www-authenticate')
  expect(right.headers).not.toHaveProperty('location')
  expect(right.text).toContain('Credentials are taken over https only.')
  expect(verify).not.toHaveBeenCalled()
  expect((await client.send(path, { headers: { ...headers, authorization: 'Bearer x' } })).status).toBe(403)
})

test.each([
  ['in the open', {}, 403],
  ['in development', insecure, 200],
])('a session cookie that comes %s (A1)', async (_, settings, status) => {
  await start(settings, '127.0.0.1')
  const browser = openVisitor(client.send)
  expect((await signIn(browser, 'ann')).status).toBe(303)
  await client.close()
  await start(settings, elsewhere)
  const again = openVisitor(client.send, browser.cookie())
  const answers = [await again.send(path), await again.send(path, { headers: { accept: 'text/html' } })]
  expect(answers.map((answer) => [answer.status, answer.headers['set-cookie']])).toEqual([
    [status, undefined],
    [status, undefined],
  ])
  expect((await again.post('/profiles/html/signOut.do', {})).status).toBe(303)
  expect(again.cookie()).toBeUndefined()
})

test('public resources need no credentials (A1)', async () => {
  await start({}, elsewhere)
  expect((await client.send('/profiles/atom/connections.do?connectionType=colleague&userid=ann')).status).toBe(200)
})
