import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import { lockFolder, openEmbedded } from '../../src/db/embedded.js'
import { openDatabase } from '../../src/db/open.js'
import type { Tables } from '../../src/db/tables.js'
import { isUnavailable } from '../../src/db/transact.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { openTemplate, prepareDataFolder } from '../support/embedded-template.js'

let folder: string
let database: TestDatabase
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connections-lock-'))
  database = await freshDatabase()
})
afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

test('a folder lock excludes other processes until it is released', async () => {
  const unlock = await lockFolder(folder)
  await expect(lockFolder(folder)).rejects.toThrow(
    `The embedded database in ${folder} is in use by another process. Stop it (it may be a running server), or put ` +
      'the data on a Postgres server and set DATABASE_URL.',
  )
  await unlock()
  await (
    await lockFolder(folder)
  )()
})

test('a stale lock goes to at most one of many processes', async () => {
  for (let round = 0; round < 8; round++) {
    const locks = await Promise.allSettled(Array.from({ length: 5 }, () => lockFolder(folder)))
    const held = locks.filter((lock) => lock.status === 'fulfilled')
    expect(held.length).toBeLessThanOrEqual(1)
    for (const { value: unlock } of held) await unlock()
  }
})

test('a lock ends with its killed process', async () => {
  const program = join(folder, 'holder.mjs')
  const lock = new URL('../../src/db/embedded.js', import.meta.url).href
  await writeFile(
    program,
    `import { lockFolder } from ${JSON.stringify(lock)}
     await lockFolder(${JSON.stringify(folder)}); process.send('held'); setInterval(() => {}, 1000)`,
  )
  const holder = fork(program, { execArgv: [] })
  await once(holder, 'message')
  await expect(lockFolder(folder)).rejects.toThrow('in use by another process')
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  await (
    await lockFolder(folder)
  )()
})

test('the embedded database opens for one process at a time', async () => {
  const place = { databaseUrl: undefined, dataDir: join(folder, 'deep', 'data') }
  await prepareDataFolder(place.dataDir)
  const first = await openDatabase(place, () => {})
  await sql`create table kept as select 1 as one`.execute(first.db)
  await expect(openDatabase(place, () => {})).rejects.toThrow('in use by another process')
  await first.close()
  const second = await openDatabase(place, () => {})
  expect((await sql`select one from kept`.execute(second.db)).rows).toEqual([{ one: 1 }])
  await second.close()
})

test('a statement never runs inside another transaction', async () => {
  const { db } = database
  await sql`create table note (text text)`.execute(db)
  let outside: Promise<unknown> = Promise.resolve()
  const inside = db.transaction().execute(async (transaction) => {
    await sql`insert into note values ('inside')`.execute(transaction)
    outside = sql`insert into note values ('outside')`.execute(db)
    await sql`select pg_sleep(0.05)`.execute(transaction)
    throw new Error('rolled back')
  })
  await expect(inside).rejects.toThrow('rolled back')
  await outside
  expect((await sql`select text from note`.execute(db)).rows).toEqual([{ text: 'outside' }])
})

test('a bigint is a number, a timestamp a date to the millisecond', async () => {
  const { rows } = await sql`
    select 7::bigint as version, '2026-01-02T03:04:05.678Z'::timestamptz(3) as at`.execute(database.db)
  expect(rows).toEqual([{ version: 7, at: new Date('2026-01-02T03:04:05.678Z') }])
})

test('an unreachable database is recognized', async () => {
  const nowhere = await openDatabase({ databaseUrl: 'postgres://127.0.0.1:1/x', dataDir: '' }, () => {})
  const error = await sql`select 1`.execute(nowhere.db).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  await nowhere.close()
  expect(isUnavailable(error)).toBe(true)
  expect(isUnavailable(new Error('syntax error'))).toBe(false)
})

test('broken connections are replaced', async () => {
  const { url } = database
  // The embedded database has no connections that could break.
  if (url === undefined) return
  const lost: Error[] = []
  const other = await openDatabase({ databaseUrl: url, dataDir: '' }, (error) => lost.push(error))
  const pidOf = async (connection: Kysely<Tables>) =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(connection)).rows[0]?.pid
  const end = async (pid: number | undefined) => sql`select pg_terminate_backend(${pid}::int)`.execute(database.db)
  try {
    await end(await pidOf(other.db))
    while (lost.length === 0) await wait(10)
    await other.db.connection().execute(async (connection) => {
      await end(await pidOf(connection))
      await expect(pidOf(connection)).rejects.toThrow()
    })
    // The end of a connection may reach the pool only after it was handed out once more.
    const next = await pidOf(other.db).catch(() => pidOf(other.db))
    expect(next).toBeGreaterThan(0)
  } finally {
    await other.close()
  }
})

test('an embedded database closes, used or not', async () => {
  const unused = await openTemplate()
  await openEmbedded(unused).close()
  expect(unused.closed).toBe(true)
})

test('the event loop runs between statements of the embedded database', async () => {
  const embedded = openEmbedded(await openTemplate())
  await sql`select 1`.execute(embedded.db)
  let turns = 0
  let isOver = false
  const other = (async () => {
    for (; !isOver; turns++) await nextTurn()
  })()
  await embedded.db.transaction().execute(async (transaction) => {
    for (let count = 0; count < 50; count++) await sql`select 1`.execute(transaction)
  })
  isOver = true
  await other
  expect(turns).toBeGreaterThanOrEqual(50)
  await embedded.close()
})

test('a trap in the embedded database rejects its statement only', async () => {
  const pglite = await openTemplate()
  const trapped = (): Promise<never> => Promise.reject(new Error('unreachable'))
  const embedded = openEmbedded({ closed: false, close: () => pglite.close(), execProtocol: trapped })
  for (let count = 0; count < 2; count++) {
    await expect(sql`select 1`.execute(embedded.db)).rejects.toThrow('unreachable')
  }
  await embedded.close()
})
