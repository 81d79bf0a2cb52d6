import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { findFaults } from '../../src/connections/integrity-store.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { type Server, startServers, stopServers } from '../support/servers.js'
import { addPerson, signInSecret } from '../support/world.js'
import { accept, idIn, invite, remove } from '../support/writes.js'

/**
 * The connection to Postgres breaks (docs/trust.md, C11): the answer to a write tells its outcome, a read is repeated.
 */

type Fault = 'none' | 'before the commit' | 'after the commit' | 'at a read'

/** Stands between a server and Postgres, and cuts a connection at its next commit or read as it is told. */
async function faultyWay(to: URL): Promise<{ port: number; cut: (at: Fault) => void; close: () => Promise<unknown> }> {
  let fault: Fault = 'none'
  const open = new Set<Socket>()
  const way = createServer((client) => {
    const postgres = connect(Number(to.port), to.hostname)
    let isLast = false
    for (const socket of [client, postgres]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        postgres.destroy()
      })
    }
    client.on('data', (bytes) => {
      const isFault = fault !== 'none' && bytes.includes(fault === 'at a read' ? '"network"' : 'commit\0')
      if (isFault && fault !== 'after the commit') client.destroy()
      else postgres.write(bytes)
      if (!isFault) return
      isLast = true
      fault = 'none'
    })
    // Postgres has answered, so the commit is done; but nobody hears of it.
    postgres.on('data', (bytes) => (isLast ? client.destroy() : client.write(bytes)))
  }).listen(0, '127.0.0.1')
  await once(way, 'listening')
  const close = () => {
    for (const socket of open) socket.destroy()
    return new Promise((resolve) => way.close(resolve))
  }
  return { port: (way.address() as AddressInfo).port, cut: (at) => (fault = at), close }
}

if (serverUrl === undefined) {
  test('the embedded database has no connection to break', () => {
    expect(process.env['DATABASE_URL'] ?? '').toBe('')
  })
} else {
  describe('a connection that breaks', () => {
    let database: TestDatabase
    let way: Awaited<ReturnType<typeof faultyWay>>
    let servers: Server[] = []
    let server: Server

    beforeAll(async () => {
      database = await freshDatabase()
      const url = new URL(database.url as string)
      way = await faultyWay(new URL(url))
      url.port = String(way.port)
      url.hostname = '127.0.0.1'
      for (const name of ['ann', 'bo']) await addPerson(database.db, name, { password: signInSecret })
      servers = await startServers(1, { DATABASE_URL: url.href })
      server = servers[0] as Server
    })
    beforeEach(async () => {
      await database.db.deleteFrom('colleague').execute()
      await database.db.deleteFrom('connection').execute()
      await database.db.updateTable('network').set({ total: 0 }).execute()
    })
    afterAll(async () => {
      await stopServers(servers)
      await way.close()
      await database.close()
    })

    const statuses = async () =>
      (await database.db.selectFrom('colleague').select('status').orderBy('status').execute()).map(
        ({ status }) => status,
      )

    test('after the commit: the write is acknowledged', async () => {
      way.cut('after the commit')
      const invited = await invite(server.send, 'ann', 'bo')
      expect(invited.status).toBe(201)
      expect(await statuses()).toEqual(['pending', 'unconfirmed'])

      way.cut('after the commit')
      expect((await accept(server.send, 'bo', idIn(invited))).status).toBe(200)
      expect(await statuses()).toEqual(['accepted', 'accepted'])

      way.cut('after the commit')
      expect((await remove(server.send, 'ann', idIn(invited))).status).toBe(200)
      expect(await statuses()).toEqual([])
      expect(await findFaults(database.db)).toEqual([])
    })

    test('at a read: the read is repeated', async () => {
      const feed = () => server.send('/atom/connections.do?connectionType=colleague&userid=ann')
      const before = await feed()
      way.cut('at a read')
      const answer = await feed()
      expect([answer.status, answer.text]).toEqual([200, before.text])
    })

    test('before the commit: 503 without effect, and a retry works', async () => {
      way.cut('before the commit')
      const refused = await invite(server.send, 'ann', 'bo')
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
      expect(await statuses()).toEqual([])

      const invited = await invite(server.send, 'ann', 'bo')
      expect(invited.status).toBe(201)
      way.cut('before the commit')
      expect((await accept(server.send, 'bo', idIn(invited))).status).toBe(503)
      expect(await statuses()).toEqual(['pending', 'unconfirmed'])

      way.cut('before the commit')
      expect((await remove(server.send, 'bo', idIn(invited))).status).toBe(503)
      expect(await statuses()).toEqual(['pending', 'unconfirmed'])
      expect(await findFaults(database.db)).toEqual([])
    })
  })
}
