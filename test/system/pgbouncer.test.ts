import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { findFaults } from '../../src/connections/integrity-store.js'
import type { Database } from '../../src/db/database.js'
import { openDatabase } from '../../src/db/open.js'
import { loadCast } from '../../src/transfer/example.js'
import { serverUrl } from '../support/database.js'
import { installed } from '../support/installed.js'
import { type Pooler, startPgBouncer } from '../support/pgbouncer.js'
import { run } from '../support/process.js'
import { type Server, startServers, stopServers } from '../support/servers.js'
import { tellStory } from '../support/story.js'
import { accept, idIn, invite } from '../support/writes.js'

/** Two servers behind a real PgBouncer that lends five connections for a transaction at a time. */

const program = installed('pgbouncer')
if (serverUrl === undefined || program === undefined) {
  test('the tests need DATABASE_URL and PgBouncer', () => {
    process.stderr.write('not tested here: PgBouncer needs a Postgres server, and to be installed\n')
    expect(serverUrl === undefined || program === undefined).toBe(true)
  })
} else {
  describe('behind PgBouncer', () => {
    const name = `pooled_${randomUUID().replaceAll('-', '')}`
    let owner: Database
    let direct: Database
    let pooler: Pooler
    let servers: Server[] = []
    const environment = () => ({
      DATABASE_URL: pooler.url,
      POOLER: 'transaction',
      TOKEN_SECRET: 'a'.repeat(64),
    })

    beforeAll(async () => {
      owner = await openDatabase({ databaseUrl: serverUrl, dataDir: '' }, () => {})
      await sql`create database ${sql.id(name)}`.execute(owner.db)
      const url = new URL(serverUrl as string)
      url.pathname = `/${name}`
      pooler = await startPgBouncer(program, url)
      const migrated = run(['migrate'], environment())
      expect([await migrated.exit, migrated.errors()]).toEqual([0, ''])
      direct = await openDatabase({ databaseUrl: url.href, dataDir: '' }, () => {})
      await loadCast(direct.db)
      servers = await startServers(2, environment())
    })
    afterAll(async () => {
      await stopServers(servers)
      await direct.close()
      await pooler.close()
      await sql`drop database ${sql.id(name)} with (force)`.execute(owner.db)
      await owner.close()
    })

    test('the story holds on both servers', async () => {
      for (const { send } of servers) await tellStory(send)
      expect(servers.map(({ errors }) => errors())).toEqual(['', ''])
    })

    test('concurrent writes among 200 reads leave no inconsistency and no unanswered request', async () => {
      const [one, other] = servers as [Server, Server]
      const feed = '/profiles/atom/connections.do?connectionType=colleague&userid=ann'
      const reads = Array.from({ length: 100 }, () => [one.send(feed), other.send(feed)]).flat()
      const meeting = ['bo', 'chen', 'dalia', 'eleni'].flatMap((person) => [
        invite(one.send, person, 'lou'),
        invite(other.send, 'lou', person),
      ])
      const invitations = await Promise.all(meeting)
      const made = invitations.filter(({ status }) => status === 201)
      expect([made.length, ...invitations.map(({ status }) => status).sort()]).toEqual([
        4,
        ...Array<number>(4).fill(201),
        ...Array<number>(4).fill(400),
      ])
      for (const answer of made) {
        const id = idIn(answer)
        const outcomes = await Promise.all(
          servers.flatMap(({ send }) => ['lou', 'bo', 'chen', 'dalia', 'eleni'].map((name) => accept(send, name, id))),
        )
        expect(outcomes.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
        expect(outcomes.filter(({ status }) => status >= 500)).toEqual([])
      }
      const statuses = (await Promise.all(reads)).map(({ status }) => status)
      expect(new Set(statuses)).toEqual(new Set([200]))
      expect(await findFaults(direct.db)).toEqual([])
    })
  })
}
