import { Agent, request } from 'node:http'
import { revokeAppPassword } from '../../src/identity/app-password.js'
import { setPassword } from '../../src/identity/credential-store.js'
import { hashPassword } from '../../src/identity/password.js'
import { changeRole } from '../../src/people/change-store.js'
import { importPerson } from '../../src/transfer/import.js'
import { appPasswordOf } from '../support/app-passwords.js'
import { startClient } from '../support/client.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { startServers, stopServers } from '../support/servers.js'
import { addPerson, signInSecret } from '../support/world.js'

/**
 * On Postgres, two processes serve and this one revokes. The embedded database has one process for both.
 */
let database: TestDatabase
let ports: number[]
let stop: () => Promise<unknown>
let agents: Agent[]
let ann: string
beforeAll(async () => {
  database = await freshDatabase()
  if (serverUrl === undefined) {
    const clients = [await startClient(database.db), await startClient(database.db)]
    ports = clients.map(({ port }) => port)
    stop = () => Promise.all(clients.map((client) => client.close()))
  } else {
    const servers = await startServers(2, { DATABASE_URL: database.url as string })
    ports = servers.map(({ base }) => Number(new URL(base).port))
    stop = () => stopServers(servers)
  }
  agents = ports.map(() => new Agent({ keepAlive: true, maxSockets: 1 }))
})
afterAll(async () => {
  for (const agent of agents) agent.destroy()
  await stop()
  await database.close()
})
beforeEach(async () => {
  await database.db.deleteFrom('account').execute()
  ann = await addPerson(database.db, 'ann', { password: signInSecret })
  await changeRole(database.db, ann, 'admin', 'add')
})

const list = '/profiles/atom/connections.do?connectionType=colleague'

/** Requests each server over one connection. Returns the answers and the sockets. */
async function ask(authorization: string, { method = 'GET', path = list } = {}) {
  const answers = ports.map(
    (port, at) =>
      new Promise<{ status: number | undefined; from: number | undefined }>((resolve, reject) => {
        const options = { host: '127.0.0.1', port, path, method, agent: agents[at], headers: { authorization } }
        const sent = request(options, (response) => {
          const from = response.socket.localPort
          response.resume().on('end', () => resolve({ status: response.statusCode, from }))
        })
        sent.on('error', reject).end()
      }),
  )
  return Promise.all(answers)
}

const basic = (password: string) => `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`

/** The answers before and after a change, over the same connections. */
async function around(credentials: string, revoke: () => Promise<unknown>, what = {}) {
  const before = [await ask(credentials, what), await ask(credentials, what)].flat()
  await revoke()
  const after = await ask(credentials, what)
  expect(new Set([...before, ...after].map(({ from }) => from)).size).toBe(2)
  return [...new Set(before.map(({ status }) => status)), ...new Set(after.map(({ status }) => status))]
}

const setState = (state: 'active' | 'inactive') => {
  const now = new Date()
  return importPerson(database.db, { userId: 'ann', state, updated: now, seen: now, decides: true })
}

test('a new password ends the old one with the next request (A8)', async () => {
  const change = async () => setPassword(database.db, ann, await hashPassword('another password'))
  expect(await around(basic('colleagues'), change)).toEqual([200, 401])
  expect(await around(basic('another password'), () => Promise.resolve())).toEqual([200, 200])
})

test('a revoked app password ends with the next request, and no other does (A8)', async () => {
  const [app, kept] = [await appPasswordOf(database.db, 'ann'), await appPasswordOf(database.db, 'ann')]
  const revoke = () => revokeAppPassword(database.db, ann, app.id)
  expect(await around(basic(app.secret), revoke)).toEqual([200, 401])
  expect(await around(`Bearer ${kept.secret}`, () => Promise.resolve())).toEqual([200, 200])
})

test('a disabled account is refused with the next request, by every credential, until enabled (A8)', async () => {
  const { secret } = await appPasswordOf(database.db, 'ann')
  expect(await around(basic('colleagues'), () => setState('inactive'))).toEqual([200, 401])
  expect(await around(`Bearer ${secret}`, () => setState('active'))).toEqual([401, 200])
  expect(await around(`Bearer ${secret}`, () => setState('inactive'))).toEqual([200, 401])
  expect(await around(basic('colleagues'), () => setState('active'))).toEqual([401, 200])
})

test('a removed role is gone with the next request (A8)', async () => {
  const admins = { method: 'DELETE', path: '/profiles/admin/atom/connections.do?userid=ann' }
  const revoke = () => changeRole(database.db, ann, 'admin', 'remove')
  expect(await around(basic('colleagues'), revoke, admins)).toEqual([200, 403])
})
