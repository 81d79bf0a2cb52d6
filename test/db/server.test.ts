import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../../src/db/database.js'
import { openDatabase, type Place } from '../../src/db/open.js'
import type { Tables } from '../../src/db/tables.js'
import { isBroken, isUnavailable } from '../../src/db/transact.js'
import { startClient } from '../support/client.js'
import { findNetwork } from '../../src/connections/list-store.js'
import { setPassword } from '../../src/identity/credential-store.js'
import { findSignIn } from '../../src/identity/sign-in-store.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { addPerson, signInSecret } from '../support/world.js'

/** Statements on a server end in time, on the server too, and leave nothing there. */

const name = 'connections of a test'

if (serverUrl === undefined) {
  test('the embedded database has no timeouts', async () => {
    const database = await freshDatabase()
    await database.limit(1)
    expect((await sql`select 1 as one`.execute(database.db)).rows).toEqual([{ one: 1 }])
    await database.close()
  })
} else {
  describe('a pool of connections', () => {
    let database: TestDatabase
    let address: URL
    let ann: string
    const opened: { close(): Promise<unknown> }[] = []
    beforeAll(async () => {
      database = await freshDatabase()
      ann = await addPerson(database.db, 'ann')
      address = new URL(database.url as string)
      address.searchParams.set('application_name', `${name} ${database.url}`.slice(-60))
    })
    afterEach(async () => {
      for (const each of opened.splice(0).reverse()) await each.close()
    })
    afterAll(() => database.close())

    const open = async (pooler: Place['pooler'] = 'none', url = address): Promise<Database> => {
      const made = await openDatabase({ databaseUrl: url.href, dataDir: '', pooler }, () => {})
      opened.push(made)
      return made
    }
    const setting = async ({ db }: Database, name: string) =>
      (await sql<{ value: string }>`select current_setting(${name}) as value`.execute(db)).rows[0]?.value
    const timeouts = (of: Database) =>
      Promise.all(
        ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'].map((each) => setting(of, each)),
      )
    const pidOf = async (db: Kysely<Tables>) =>
      (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid
    const activity = async (condition = sql`true`) => {
      const { rows } = await sql<{ count: number }>`
        select count(*)::integer as count from pg_stat_activity
        where application_name = ${address.searchParams.get('application_name')} and ${condition}`.execute(database.db)
      return rows[0]?.count as number
    }
    const errorOf = (work: Promise<unknown>) =>
      work.then(
        () => undefined,
        (error: unknown) => error as Error & { code?: string },
      )

    test('sets timeouts on the server, also for existing connections', async () => {
      const made = await open()
      expect(await timeouts(made)).toEqual(['0', '0', '0'])
      await made.limit(6_000)
      expect(await timeouts(made)).toEqual(['5s', '2s', '10s'])
    })

    test('sets no timeouts behind a transaction pooler', async () => {
      const made = await open('transaction')
      await made.limit(6_000)
      expect(await timeouts(made)).toEqual(['0', '0', '0'])
    })

    test('lets the server end a slow statement and keeps the connection', async () => {
      const made = await open()
      await made.limit(600)
      const pid = await pidOf(made.db)
      const error = await errorOf(sql`select pg_sleep(60)`.execute(made.db))
      expect([error?.code, isUnavailable(error)]).toEqual(['57014', true])
      expect(await pidOf(made.db)).toBe(pid)
    })

    test('cancels a slow statement itself behind a pooler', async () => {
      const made = await open('transaction')
      await made.limit(2_000)
      const pid = await pidOf(made.db)
      const error = await errorOf(sql`select pg_sleep(60)`.execute(made.db))
      expect([error?.code, isUnavailable(error)]).toEqual(['57014', true])
      expect(await pidOf(made.db)).toBe(pid)
    })

    test('gives up an unanswered statement without a retry', async () => {
      const { port, close } = await deaf(address, 'unheard')
      opened.push({ close })
      const behind = new URL(address)
      behind.host = `127.0.0.1:${port}`
      const made = await open('none', behind)
      await made.limit(600)
      const pid = await pidOf(made.db)
      const error = await errorOf(sql`select 'unheard'`.execute(made.db))
      expect(error?.message).toBe('The database did not answer within 600 ms.')
      expect([isUnavailable(error), isBroken(error)]).toEqual([true, false])
      expect(await pidOf(made.db)).not.toBe(pid)
    })

    test('does not reuse a connection to a read-only server', async () => {
      const { db } = await open()
      const pid = await pidOf(db)
      const write = db.transaction().execute(async (transaction) => {
        await sql`set transaction read only`.execute(transaction)
        await sql`delete from account`.execute(transaction)
      })
      const error = await errorOf(write)
      expect([error?.code, isUnavailable(error)]).toEqual(['25006', true])
      expect(await pidOf(db)).not.toBe(pid)
    })

    test.each(['none', 'transaction'] as const)(
      'never has more than its size and two processes on the server while a table is locked (pooler: %s)',
      async (pooler) => {
        const made = await open(pooler)
        await made.limit(pooler === 'none' ? 1_000 : 3_000)
        const client = await startClient(made.db, { LOG_LEVEL: 'silent' })
        opened.push(client)
        // Unlike the look-ups of lists, each of these takes a connection.
        const feed = () => client.send('/atom/profile.do?userid=ann')
        let most = 0
        let isOver = false
        const count = async () => {
          while (!isOver) {
            most = Math.max(most, await activity())
            await wait(5)
          }
        }
        const counting = count()
        const statuses = new Set<unknown>()
        await database.db.transaction().execute(async (transaction) => {
          await sql`lock table account in access exclusive mode`.execute(transaction)
          const readers = Array.from({ length: 20 }, async () => {
            for (let round = 0; round < 3; round++) {
              const { status, headers } = await feed()
              statuses.add(`${status} ${headers['retry-after']}`)
            }
          })
          await Promise.all(readers)
        })
        isOver = true
        await counting
        expect([...statuses]).toEqual(['503 1'])
        expect(most).toBeGreaterThan(5)
        expect(most).toBeLessThanOrEqual(12)
        while ((await activity(sql`wait_event_type = 'Lock'`)) > 0) await wait(10)
        expect((await feed()).status).toBe(200)
      },
    )

    /** The names of the statements that a connection holds. */
    const names = async ({ db }: Database) =>
      (await sql<{ name: string }>`select name from pg_prepared_statements order by name`.execute(db)).rows.map(
        ({ name }) => name,
      )

    test('each connection parses a statement once, under a name', async () => {
      const made = await open()
      await findSignIn(made.db, 'ann')
      const once = await names(made)
      expect(once).toEqual([expect.stringMatching(/^connections_[0-9a-f]{24}$/)])
      await findSignIn(made.db, 'bo')
      expect(await names(made)).toEqual(once)
      expect(await setting(made, 'plan_cache_mode')).toBe('force_generic_plan')
      const another = await open()
      await findSignIn(another.db, 'ann')
      expect(await names(another)).toEqual(once)
    })

    test('a combination of statements has a name too', async () => {
      const made = await open()
      await Promise.all(
        ['ann', 'bo'].map((value, at) =>
          findNetwork(made.db, { by: 'userId', value }, { status: 'accepted', countPending: at === 0 }),
        ),
      )
      expect(await names(made)).toEqual([expect.stringMatching(/^connections_[0-9a-f]{24}$/)])
    })

    test('statements have no names behind a pooler, and the connection keeps its settings', async () => {
      const made = await open('transaction')
      expect((await findSignIn(made.db, 'ann'))?.account.userId).toBe('ann')
      await findNetwork(made.db, { by: 'userId', value: 'ann' }, { status: 'accepted', countPending: true })
      expect(await names(made)).toEqual([])
      expect(await setting(made, 'plan_cache_mode')).toBe('auto')
    })

    describe('after a column has got another type', () => {
      const type = (name: string) =>
        name === 'text'
          ? sql`alter table account alter column login type text`.execute(database.db)
          : sql`alter table account alter column login type varchar(1000)`.execute(database.db)
      afterEach(() => type('text'))

      /** Makes each connection of a pool hold the statement of a sign-in. */
      async function fill(made: Database): Promise<void> {
        const connections = Array.from({ length: 6 }, async () =>
          made.db.connection().execute(async (connection) => {
            await findSignIn(connection, 'ann')
            // Held until all are open.
            arrived()
            await all
          }),
        )
        await Promise.all(connections)
      }
      let arrived = () => {}
      let all: Promise<void>
      beforeEach(() => {
        all = new Promise((resolve) => {
          let count = 0
          arrived = () => void (++count === 6 && resolve())
        })
      })

      test('a request reads at once, although each connection holds the old statement', async () => {
        const made = await open()
        await made.limit(6_000)
        const client = await startClient(made.db, { LOG_LEVEL: 'silent' })
        opened.push(client)
        const path = '/atom/connections.do?connectionType=colleague'
        await setPassword(database.db, ann, signInSecret)
        expect((await client.send(path, { as: 'ann:colleagues' })).status).toBe(200)
        await fill(made)
        await type('varchar')
        // Under another name, so that the credentials are checked in full.
        const { status } = await client.send(path, { as: 'ann@example.com:colleagues' })
        expect(status).toBe(200)
      })

      test('a connection fails once and is replaced', async () => {
        const made = await open()
        await fill(made)
        await type('varchar')
        const error = await errorOf(findSignIn(made.db, 'ann'))
        expect([error?.message, isBroken(error), isUnavailable(error)]).toEqual([
          'cached plan must not change result type',
          true,
          true,
        ])
        for (let time = 0; time < 6; time++) expect((await findSignIn(made.db, 'ann'))?.account.userId).toBe('ann')
      })
    })

    test('names the setting if a pooler refuses timeouts', async () => {
      const { port, close } = await picky(address)
      opened.push({ close })
      const behind = new URL(address)
      behind.host = `127.0.0.1:${port}`
      const made = await open('none', behind)
      await sql`select 1`.execute(made.db)
      await expect(made.limit(6_000)).rejects.toThrow(
        'The pooler in front of the database refuses timeouts. Set POOLER=transaction to do without them.',
      )
      const other = await open('transaction', behind)
      await other.limit(6_000)
      expect((await sql`select 1 as one`.execute(other.db)).rows).toEqual([{ one: 1 }])
    })
  })
}

/** A proxy that refuses timeouts as connection parameters, like PgBouncer. */
async function picky(to: URL): Promise<{ port: number; close: () => Promise<unknown> }> {
  const way = createServer((client) => {
    client.on('error', () => {})
    client.once('data', (first) => {
      if (first.includes('statement_timeout')) {
        const fields = 'SFATAL\0C08P01\0Munsupported startup parameter: statement_timeout\0\0'
        const head = Buffer.from('E\0\0\0\0')
        head.writeInt32BE(4 + fields.length, 1)
        return void client.end(Buffer.concat([head, Buffer.from(fields)]))
      }
      const postgres = connect(Number(to.port), to.hostname)
      postgres.on('error', () => {})
      postgres.write(first)
      client.pipe(postgres).pipe(client)
    })
  }).listen(0, '127.0.0.1')
  await once(way, 'listening')
  return { port: (way.address() as AddressInfo).port, close: () => new Promise((resolve) => way.close(resolve)) }
}

/** A proxy in front of Postgres that drops messages with a given word. */
async function deaf(to: URL, word: string): Promise<{ port: number; close: () => Promise<unknown> }> {
  const way = createServer((client) => {
    const postgres = connect(Number(to.port), to.hostname)
    client.on('error', () => {}).on('close', () => postgres.destroy())
    postgres.on('error', () => {}).pipe(client)
    client.on('data', (bytes) => void (bytes.includes(word) || postgres.write(bytes)))
  }).listen(0, '127.0.0.1')
  await once(way, 'listening')
  return { port: (way.address() as AddressInfo).port, close: () => new Promise((resolve) => way.close(resolve)) }
}
