import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { migrate } from '../../src/db/migrate.js'
import { type Database, openDatabase } from '../../src/db/open.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { type MailServer, startMailServer } from '../support/mail-server.js'
import { addPerson } from '../support/world.js'
import { oweInvitations } from './owe.js'

let server: MailServer
let folder: string
let onServer: TestDatabase | undefined
const running: ChildProcess[] = []

beforeEach(async () => {
  server = await startMailServer()
  folder = await mkdtemp(join(tmpdir(), 'connections-letters-'))
  onServer = serverUrl === undefined ? undefined : await freshDatabase()
})
afterEach(async () => {
  for (const child of running.splice(0)) await end(child, 'SIGKILL')
  await onServer?.close()
  await server.close()
  await rm(folder, { recursive: true })
})

test('a server that is killed before it could write down a letter: the next one sends it again', async () => {
  const [id] = await withDatabase(async ({ db }) => oweInvitations(db, await addPerson(db, 'ann'), 1))
  const first = serve()
  server.beforeAnswer = () => void first.kill('SIGKILL')
  await once(first, 'close')
  server.beforeAnswer = undefined
  expect(server.received).toHaveLength(1)

  await withDatabase(({ db }) => sql`update outbox set due_at = clock_timestamp()`.execute(db))
  const second = serve()
  await until(() => server.received.length === 2, second)
  expect(await end(second, 'SIGTERM')).toBe(0)
  const messageId = `<${id}@connections.example>`
  expect(server.received.map(({ mail }) => mail.messageId)).toEqual([messageId, messageId])
  const { rows } = await withDatabase(({ db }) => sql`select 1 from outbox where sent_at is not null`.execute(db))
  expect(rows).toHaveLength(1)
})

test('two servers on one database send each letter once', async () => {
  // The embedded database serves one process.
  if (serverUrl === undefined) return
  const ids = await withDatabase(async ({ db }) => oweInvitations(db, await addPerson(db, 'ann'), 50))
  const servers = [serve(), serve()] as const
  await until(() => server.received.length >= 50, servers[0])
  expect(await Promise.all(servers.map((each) => end(each, 'SIGTERM')))).toEqual([0, 0])
  expect(server.received.map(({ mail }) => mail.messageId).sort()).toEqual(
    ids.map((id) => `<${id}@connections.example>`).sort(),
  )
})

/** The database that `serve` takes; the embedded one only while no process serves. */
async function withDatabase<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  if (onServer) return work(onServer)
  const database = await openDatabase({ databaseUrl: undefined, dataDir: join(folder, 'data') }, () => {})
  await migrate(database.db)
  return work(database).finally(() => database.close())
}

function serve(): ChildProcess {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['dist/src/main.js', 'serve'], {
    env: {
      PATH,
      HOME,
      PORT: '0',
      BASE_URL: 'https://connections.example',
      DATABASE_URL: onServer?.url ?? '',
      DATA_DIR: join(folder, 'data'),
      SMTP_URL: server.url,
      MAIL_FROM: 'Connections <post@example.com>',
    },
    stdio: 'ignore',
  })
  running.push(child)
  return child
}

/** Sends the signal and gives the status that the process ends with. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const closed = once(child, 'close')
  child.kill(signal)
  await closed
  return child.exitCode
}

async function until(holds: () => boolean, child: ChildProcess): Promise<void> {
  while (!holds()) {
    if (child.exitCode !== null) throw new Error('the process ended first')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
