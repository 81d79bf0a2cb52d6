import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/open.js'
import type { Answer } from '../support/client.js'
import { type Cluster, makeCluster, postgresPrograms } from '../support/cluster.js'
import { serverUrl } from '../support/database.js'
import { type Server, startServers, stopServers } from '../support/servers.js'
import { addPerson, signInSecret } from '../support/world.js'
import { invite } from '../support/writes.js'

/**
 * Postgres is away in one way or another (docs/trust.md, Failure modes): that is 503 and soon, and over as soon as it
 * is back.
 */

const programs = postgresPrograms
if (serverUrl === undefined || programs === undefined) {
  test('Postgres can only be stopped with DATABASE_URL and its programs', () => {
    expect(serverUrl === undefined || programs === undefined).toBe(true)
  })
} else {
  describe('while Postgres', () => {
    let cluster: Cluster
    let servers: Server[] = []
    let server: Server
    let url: string
    beforeAll(async () => {
      cluster = await makeCluster(programs)
      await cluster.start()
      await asOwner('create role reader login', 'create database served owner reader')
      url = cluster.url.replace('postgres@', 'reader@').replace(/postgres$/, 'served')
      const database = await openDatabase({ databaseUrl: url, dataDir: '' }, () => {})
      await migrate(database.db)
      for (const name of ['ann', 'bo']) await addPerson(database.db, name, { password: signInSecret })
      await database.close()
      servers = await startServers(1, { DATABASE_URL: url })
      server = servers[0] as Server
    })
    afterAll(async () => {
      await stopServers(servers)
      await cluster.remove()
    })

    async function asOwner(...statements: string[]): Promise<void> {
      const client = new pg.Client(cluster.url)
      await client.connect()
      for (const statement of statements) await client.query(statement)
      await client.end()
    }
    const endConnections = `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'`

    const feed = '/atom/connections.do?connectionType=colleague&userid=ann'
    const outcome = ({ status, headers }: Answer) => [status, headers['retry-after']]
    const away = [503, '1']
    const isBack = async () => {
      while ((await server.send('/ready')).status !== 200) await wait(20)
      expect((await server.send(feed)).status).toBe(200)
    }

    test.each([
      [
        'takes no connections to the database (55000)',
        'alter database served allow_connections false',
        'alter database served allow_connections true',
      ],
      [
        'has no connection left for the role (53300)',
        'alter role reader connection limit 0',
        'alter role reader connection limit -1',
      ],
      ['does not let the role in (28000)', 'alter role reader nologin', 'alter role reader login'],
      [
        'does not know the database (3D000)',
        'alter database served rename to elsewhere',
        'alter database elsewhere rename to served',
      ],
    ])('%s, every request is 503', async (_name, begin, end) => {
      await isBack()
      await asOwner(endConnections)
      // A database cannot be renamed while the server has a new connection to it.
      await asOwner(begin).catch(() => asOwner(endConnections, begin))
      await asOwner(endConnections)
      expect((await server.send('/ready')).status).toBe(503)
      for (const path of [feed, '/atom/profile.do?userid=ann', '/v2/connections']) {
        expect(outcome(await server.send(path, { as: 'ann:colleagues' }))).toEqual(away)
      }
      expect(outcome(await invite(server.send, 'ann', 'bo'))).toEqual(away)
      expect((await server.send('/live')).status).toBe(200)
      await asOwner(end)
      await isBack()
    })

    test('refuses connections, every request is 503 until it is back', async () => {
      await cluster.kill()
      expect(outcome(await server.send(feed))).toEqual(away)
      expect(outcome(await invite(server.send, 'ann', 'bo'))).toEqual(away)
      await cluster.start()
      await isBack()
    })

    test('does not answer, requests are 503: the first after a timeout, the others at once', async () => {
      const read = () => server.send(feed)
      const timed = async (work: () => Promise<unknown>) => {
        const start = performance.now()
        await work()
        return performance.now() - start
      }
      await Promise.all([read(), read(), read()])
      cluster.freeze()
      let first: Answer[] = []
      const longest = await timed(async () => {
        first = await Promise.all([...Array.from({ length: 20 }, read), invite(server.send, 'ann', 'bo')])
      })
      expect(new Set(first.map((answer) => String(outcome(answer))))).toEqual(new Set([String(away)]))
      expect(longest).toBeLessThan(7_000)

      // All of them together take less than one that had to find out.
      const next = await timed(async () => {
        for (let round = 0; round < 30; round++) {
          expect(outcome(await read())).toEqual(away)
          expect((await server.send('/ready')).status).toBe(503)
          expect((await server.send('/live')).status).toBe(200)
        }
      })
      expect(next).toBeLessThan(longest)
      cluster.thaw()
      await isBack()
    })

    test('does not answer, a server can be stopped', async () => {
      await isBack()
      cluster.freeze()
      server.kill('SIGTERM')
      const status = await Promise.race([server.exit, wait(40_000, 'still there', { ref: false })])
      cluster.thaw()
      expect(status).toBe(0)
    })
  })
}
