import { randomBytes } from 'node:crypto'
import { type KyselyPlugin, sql } from 'kysely'
import { openDatabase } from '../../src/db/open.js'
import type { Kind } from '../../src/mail/content.js'
import { leaseDue } from '../../src/mail/outbox-store.js'
import { type MailServices, sendDue, sendEmails } from '../../src/mail/worker.js'
import { keysOf } from '../../src/sharing/grant.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { type MailServer, startMailServer } from '../support/mail-server.js'
import { addPerson, connect, disconnect } from '../support/world.js'
import { queueInvitations, queueEmail } from './queue.js'
import { never, mailServices, sendAll } from './services.js'

let database: TestDatabase
let server: MailServer
let ann: string
let bo: string
const logged: Record<string, unknown>[] = []

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  for (const table of ['outbox', 'colleague', 'connection', 'network', 'account'] as const) {
    await database.db.deleteFrom(table).execute()
  }
  logged.splice(0)
  server = await startMailServer()
  ann = await addPerson(database.db, 'ann', { name: 'Ann Lee' })
  bo = await addPerson(database.db, 'bo', { name: 'Bo' })
})
afterEach(() => server.close())

describe('delivery', () => {
  test('an invitation goes to the invited person', async () => {
    const id = await queue(
      'invited',
      bo,
      await connect(database.db, ann, bo, 'invited', { message: 'Hi &lt;<b>Bo</b>&gt;' }),
    )
    await sendDue(services(), never)
    const [{ from, to, mail } = undefined as never, ...others] = server.received
    expect(others).toEqual([])
    expect({ from, to }).toEqual({ from: 'post@example.com', to: ['bo@example.com'] })
    expect(mail).toMatchObject({
      messageId: `<${id}@connections.example>`,
      from: { name: 'Connections', address: 'post@example.com' },
      to: [{ name: 'Bo', address: 'bo@example.com' }],
      subject: 'Ann Lee invites you to connect',
    })
    expect(mail.text).toContain('Hi <Bo>')
    expect(mail.html).toContain('Hi &lt;Bo&gt;')
    expect(await row(id)).toEqual({ end: 'sent', error: null, attempts: 1 })
  })

  test('an acceptance goes to the inviter', async () => {
    const id = await queue('accepted', ann, await connect(database.db, ann, bo, 'accepted', { message: 'Hi' }))
    await sendDue(services(), never)
    expect(server.received.map(({ to, mail }) => [to, mail.subject])).toEqual([
      [['ann@example.com'], 'Bo accepted your invitation'],
    ])
    expect(server.received[0]?.mail.text).toContain(`profileView.do?key=${bo}`)
    expect(await row(id)).toMatchObject({ end: 'sent' })
  })

  test('an e-mail is sent once, and not before it is due', async () => {
    const id = await queue('invited', bo, await connect(database.db, ann, bo, 'invited'))
    await sql`update outbox set due_at = clock_timestamp() + interval '1 hour'`.execute(database.db)
    await sendDue(services(), never)
    expect(server.received).toHaveLength(0)
    await makeDue(id)
    await sendDue(services(), never)
    await makeDue(id)
    await sendDue(services(), never)
    expect(server.received).toHaveLength(1)
  })
})

describe('an outdated e-mail is dropped:', () => {
  const invite = async () => {
    const rowId = await connect(database.db, ann, bo, 'invited')
    return { rowId, id: await queue('invited', bo, rowId) }
  }
  const reasons = () => logged.map(({ reason }) => reason)

  test('an invitation withdrawn before sending', async () => {
    const { rowId, id } = await invite()
    await disconnect(database.db, rowId)
    await sendDue(services(), never)
    expect(await row(id)).toEqual({ end: 'dropped', error: null, attempts: 1 })
    expect(reasons()).toEqual(['the connection has changed'])
  })

  test('an invitation accepted before sending', async () => {
    const { id } = await invite()
    await sql`update colleague set status = 'accepted'`.execute(database.db)
    await sendDue(services(), never)
    expect(await row(id)).toMatchObject({ end: 'dropped' })
  })

  test.each([
    ['without an address', { email: null }, 'the recipient has no e-mail address'],
    ['whose address is none', { email: 'bo@example.com, all@example.com' }, 'the recipient has no e-mail address'],
    ['who is inactive', { state: 'inactive' as const }, 'the recipient is not active'],
  ])('a recipient %s', async (_who, change, reason) => {
    const { id } = await invite()
    await database.db.updateTable('account').set(change).where('id', '=', bo).execute()
    await sendDue(services(), never)
    expect(await row(id)).toMatchObject({ end: 'dropped' })
    expect(reasons()).toEqual([reason])
  })

  afterEach(() => expect(server.received).toEqual([]))
})

describe('a failed e-mail', () => {
  let id: string
  beforeEach(async () => {
    id = await queue('invited', bo, await connect(database.db, ann, bo, 'invited', { message: 'a secret' }))
  })

  test('is retried under the same id', async () => {
    server.refuse = { at: 'data', code: 451 }
    await sendDue(services(), never)
    expect(await row(id)).toEqual({ end: null, error: 'EMESSAGE DATA 451', attempts: 1 })
    expect(await minutesToWait(id)).toBe(1)
    server.refuse = undefined
    await makeDue(id)
    await sendDue(services(), never)
    expect(server.received.map(({ mail }) => mail.messageId)).toEqual([`<${id}@connections.example>`])
    expect(await row(id)).toEqual({ end: 'sent', error: null, attempts: 2 })
  })

  test.each([
    ['the recipient', 'recipient', 550, 'EENVELOPE RCPT TO 550'],
    ['the e-mail', 'data', 554, 'EMESSAGE DATA 554'],
  ] as const)('is given up at once if the server rejects %s', async (_what, at, code, error) => {
    server.refuse = { at, code }
    await sendDue(services(), never)
    expect(await row(id)).toEqual({ end: 'dead', error, attempts: 1 })
  })

  test.each([
    ['the sender is refused', 'sender', 553, 'EENVELOPE MAIL FROM 553'],
    ['a sign-in is wanted', 'recipient', 530, 'EENVELOPE RCPT TO 530'],
    ['the recipient must wait', 'recipient', 450, 'EENVELOPE RCPT TO 450'],
  ] as const)('is postponed if %s', async (_what, at, code, error) => {
    server.refuse = { at, code }
    await sendDue(services(), never)
    expect(await row(id)).toEqual({ end: null, error, attempts: 1 })
  })

  test('is postponed if our password is wrong', async () => {
    await sendDue(services({ url: server.url.replace('p%3Ass', 'guess') }), never)
    expect(await row(id)).toEqual({ end: null, error: 'EAUTH AUTH PLAIN 535', attempts: 1 })
  })

  test('is postponed if the server is down', async () => {
    await server.close()
    await sendDue(services(), never)
    expect(await row(id)).toEqual({ end: null, error: 'ESOCKET ECONNREFUSED CONN', attempts: 1 })
  })

  test('is given up after the twelfth attempt', async () => {
    server.refuse = { at: 'data', code: 451 }
    for (let attempt = 1; attempt <= 12; attempt++) {
      expect((await row(id)).end).toBe(null)
      await makeDue(id)
      await sendDue(services(), never)
    }
    expect(await row(id)).toEqual({ end: 'dead', error: 'EMESSAGE DATA 451', attempts: 12 })
  })

  test('is given up if every attempt was interrupted', async () => {
    await sql`update outbox set attempts = 12`.execute(database.db)
    await sendDue(services(), never)
    expect(await row(id)).toEqual({ end: 'dead', error: 'every attempt was interrupted', attempts: 13 })
  })

  test('is given up if its row names no connection', async () => {
    await sql`update outbox set payload = '{"connectionId":"x"}'`.execute(database.db)
    await sendDue(services(), never)
    expect(await row(id)).toMatchObject({ end: 'dead', error: 'the row has no connection' })
  })

  test('does not affect other e-mails', async () => {
    const kit = await addPerson(database.db, 'kit')
    const other = await queue('invited', kit, await connect(database.db, ann, kit, 'invited'))
    await sql`update outbox set payload = '{}' where id = ${id}`.execute(database.db)
    await sendDue(services(), never)
    expect(await row(other)).toMatchObject({ end: 'sent' })
  })

  afterEach(() => {
    const text = JSON.stringify(logged)
    expect(text).toContain(id)
    expect(text).not.toMatch(/@|secret|Ann|"Bo"/)
  })
})

describe('several senders', () => {
  test('an e-mail whose sender died before recording it is sent again under its id', async () => {
    const id = await queue('invited', bo, await connect(database.db, ann, bo, 'invited'))
    const dying = { ...services(), db: database.db.withPlugin(failingToMark) }
    await expect(sendDue(dying, never)).rejects.toThrow('killed')
    expect(server.received).toHaveLength(1)
    await sendDue(services(), never)
    expect(server.received).toHaveLength(1)
    await makeDue(id)
    await sendDue(services(), never)
    const ids = server.received.map(({ mail }) => mail.messageId)
    expect(ids).toEqual([`<${id}@connections.example>`, `<${id}@connections.example>`])
  })

  test('send 50 e-mails of 50 rows', async () => {
    const ids = await queueMany(50)
    const other = await anotherDatabase()
    await Promise.all([database.db, other.db].map((db) => sendAll({ ...services(), db })))
    await other.close()
    expect(server.received.map(({ mail }) => mail.messageId).sort()).toEqual(
      ids.map((id) => `<${id}@connections.example>`).sort(),
    )
  })

  test('do not record an outcome after their lease', async () => {
    const id = await queue('invited', bo, await connect(database.db, ann, bo, 'invited'))
    server.refuse = { at: 'data', code: 554 }
    const { post, ...rest } = services()
    const slow: MailServices = {
      ...rest,
      post: async (...email) => {
        await makeDue(id)
        await leaseDue(database.db, 1)
        await post(...email)
      },
    }
    await sendDue(slow, never)
    expect(await row(id)).toEqual({ end: null, error: null, attempts: 2 })
  })
})

describe('the worker', () => {
  test('sends due e-mails and ends when told to', async () => {
    await queueMany(12)
    const stop = new AbortController()
    const loop = sendEmails(services(), stop.signal)
    await until(() => server.received.length === 12)
    stop.abort()
    await loop
    expect(await waiting()).toBe(0)
  })

  test('lets e-mails in transit arrive', async () => {
    await queueMany(3)
    const stop = new AbortController()
    server.beforeAnswer = () => stop.abort()
    await sendEmails(services(), stop.signal)
    expect(await waiting()).toBe(0)
  })

  test('does not wait for an unresponsive mail server', async () => {
    const [id] = (await queueMany(1)) as [string]
    const stop = new AbortController()
    let answer = () => {}
    server.beforeAnswer = () => {
      stop.abort()
      return new Promise((resolve) => (answer = resolve))
    }
    await sendEmails(services(), stop.signal)
    answer()
    expect(await row(id)).toEqual({ end: null, error: 'EABORT', attempts: 1 })
  })

  test('logs a database outage once and recovers', async () => {
    await queueMany(1)
    await sql`alter table outbox rename to outbox_away`.execute(database.db)
    const stop = new AbortController()
    const loop = sendEmails(services(), stop.signal)
    await until(() => logged.length > 0)
    await sql`alter table outbox_away rename to outbox`.execute(database.db)
    await until(() => server.received.length === 1)
    stop.abort()
    await loop
    expect(logged.map(({ msg }) => msg)).toEqual(['database unavailable; e-mail paused', 'e-mail sent'])
  })
})

const tokenKeys = keysOf([randomBytes(32)])
const services = ({ url = server.url } = {}) => mailServices({ db: database.db, tokenKeys }, url, logged)

const queue = (kind: Kind, recipientId: string, rowId: string) => queueEmail(database.db, kind, recipientId, rowId)
const queueMany = (count: number) => queueInvitations(database.db, ann, count)

const makeDue = (id: string) =>
  sql`update outbox set due_at = clock_timestamp() - interval '1 ms' where id = ${id}`.execute(database.db)

async function row(id: string) {
  const { rows } = await sql<{ end: string | null; error: string | null; attempts: number }>`
    select case when sent_at is not null then 'sent' when dropped_at is not null then 'dropped'
      when dead_at is not null then 'dead' end as "end", error, attempts
    from outbox where id = ${id}`.execute(database.db)
  return rows[0] as (typeof rows)[number]
}

async function waiting(): Promise<number> {
  const { rows } = await sql`select 1 from outbox where sent_at is null`.execute(database.db)
  return rows.length
}

async function minutesToWait(id: string): Promise<number> {
  const { rows } = await sql<{ minutes: number }>`
    select round(extract(epoch from due_at - clock_timestamp()) / 60)::int as minutes
    from outbox where id = ${id}`.execute(database.db)
  return rows[0]?.minutes as number
}

/** The same database for another process; the embedded one has only one. */
async function anotherDatabase(): Promise<Pick<TestDatabase, 'db' | 'close'>> {
  if (database.url === undefined) return { db: database.db, close: () => Promise.resolve() }
  return openDatabase({ databaseUrl: database.url, dataDir: '' }, () => {})
}

/** Fails, like a kill, when a sent e-mail is recorded. */
const failingToMark: KyselyPlugin = {
  transformQuery: ({ node }) => {
    if (JSON.stringify(node).includes('sent_at = clock_timestamp()')) throw new Error('killed')
    return node
  },
  transformResult: ({ result }) => Promise.resolve(result),
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}
