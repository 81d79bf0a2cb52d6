import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Database } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import { openDatabase } from '../../src/db/open.js'
import { sendTo } from '../support/client.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { prepareDataFolder } from '../support/embedded-template.js'
import { type MailServer, startMailServer } from '../support/mail-server.js'
import { run, type Running, started, until } from '../support/process.js'
import { addPerson, signInSecret } from '../support/world.js'
import { accept, idIn, invite } from '../support/writes.js'
import { queueInvitations } from './queue.js'

let server: MailServer
let folder: string
let onServer: TestDatabase | undefined
const running: Running[] = []

beforeEach(async () => {
  server = await startMailServer()
  folder = await mkdtemp(join(tmpdir(), 'connections-mail-'))
  onServer = serverUrl === undefined ? undefined : await freshDatabase()
  if (!onServer) await prepareDataFolder(join(folder, 'data'))
})
afterEach(async () => {
  for (const each of running.splice(0)) await end(each, 'SIGKILL')
  await onServer?.close()
  await server.close()
  await rm(folder, { recursive: true })
})

test('an invitation and its acceptance send e-mails', async () => {
  await withDatabase(async ({ db }) => {
    for (const name of ['ann', 'bo']) await addPerson(db, name, { password: signInSecret })
  })
  const serving = serve({})
  const send = sendTo(Number(new URL(await started(serving)).port))
  const invited = await invite(send, 'ann', 'bo', 'Shall we?')
  await until(() => server.received.length === 1, serving)
  await accept(send, 'bo', idIn(invited))
  await until(() => server.received.length === 2, serving)
  expect(server.received.map(({ mail }) => [mail.to?.[0]?.address, mail.subject])).toEqual([
    ['bo@example.com', 'ann invites you to connect'],
    ['ann@example.com', 'bo accepted your invitation'],
  ])
  expect(server.received[0]?.mail.text).toContain('ann writes:\n\nShall we?')
})

test('an invited address gets a token that applies the invitation', async () => {
  const ann = await withDatabase(async ({ db }) => {
    await addPerson(db, 'bo', { password: signInSecret })
    return addPerson(db, 'ann', { password: signInSecret })
  })
  const serving = serve({})
  const send = sendTo(Number(new URL(await started(serving)).port))
  const post = (as: string, path: string, body?: string) =>
    send(path, { method: 'POST', as: `${as}:colleagues`, headers: { 'Content-Type': 'application/json' }, body })
  const targets = JSON.stringify({ targets: [{ email: 'bo@example.com' }] })
  expect((await post('ann', `/v2/accounts/${ann}/connections`, targets)).status).toBe(200)
  await until(() => server.received.length === 1, serving)
  const [path = ''] = /\/v2\/connections\/[A-Za-z0-9]{32}$/m.exec(server.received[0]?.mail.text ?? '') ?? []
  const applied = await post('bo', path)
  expect([applied.status, JSON.parse(applied.text)]).toMatchObject([200, { state: 1, context: { _id: ann } }])
  await until(() => server.received.length === 2, serving)
  expect(server.received.map(({ mail }) => [mail.to?.[0]?.address, mail.subject])).toEqual([
    ['bo@example.com', 'ann invites you to connect'],
    ['ann@example.com', 'bo accepted your invitation'],
  ])
  expect(serving.errors()).toContain('e-mail sent')
  expect(serving.errors() + serving.output()).not.toContain(path.slice(-32))
})

test('an e-mail of a server killed before recording it is sent again', async () => {
  const [id] = await withDatabase(async ({ db }) => queueInvitations(db, await addPerson(db, 'ann'), 1))
  const first = serve()
  server.beforeAnswer = () => void first.kill('SIGKILL')
  await first.exit
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

test('two servers on one database send each e-mail once', async () => {
  // The embedded database serves one process.
  if (serverUrl === undefined) return
  const ids = await withDatabase(async ({ db }) => queueInvitations(db, await addPerson(db, 'ann'), 50))
  const servers = [serve(), serve()] as const
  await until(() => server.received.length >= 50, servers[0])
  expect(await Promise.all(servers.map((each) => end(each, 'SIGTERM')))).toEqual([0, 0])
  expect(server.received.map(({ mail }) => mail.messageId).sort()).toEqual(
    ids.map((id) => `<${id}@connections.example>`).sort(),
  )
})

test('a server without a mail server leaves e-mails to one that has it', async () => {
  await withDatabase(async ({ db }) => queueInvitations(db, await addPerson(db, 'ann'), 1))
  const queued = () =>
    withDatabase(({ db }) => db.selectFrom('outbox').select(['attempts', 'due_at', 'sent_at', 'error']).execute())
  const before = await queued()
  const without = serve({ SMTP_URL: '', MAIL_FROM: '' })
  await started(without)
  expect(await end(without, 'SIGTERM')).toBe(0)
  expect(await queued()).toEqual(before)
  const sending = serve()
  await until(() => server.received.length === 1, sending)
})

/** The database that `serve` takes; the embedded one only while no process serves. */
async function withDatabase<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  if (onServer) return work(onServer)
  const database = await openDatabase({ databaseUrl: undefined, dataDir: join(folder, 'data') }, () => {})
  await migrate(database.db)
  return work(database).finally(() => database.close())
}

function serve(environment: Record<string, string> = { BASE_URL: 'https://connections.example' }): Running {
  const process_ = run(['serve'], {
    DATABASE_URL: onServer?.url ?? '',
    DATA_DIR: join(folder, 'data'),
    SMTP_URL: server.url,
    MAIL_FROM: 'Connections <post@example.com>',
    ...environment,
  })
  running.push(process_)
  return process_
}

/** Sends the signal and gives the status that the process ends with. */
function end({ kill, exit }: Running, signal: NodeJS.Signals): Promise<number | null> {
  kill(signal)
  return exit
}
