import { sql } from 'kysely'
import { invite } from '../../src/connections/invite.js'
import { findColleague } from '../../src/connections/read-store.js'
import { remove } from '../../src/connections/remove.js'
import { findAccount } from '../../src/people/store.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { type MailServer, startMailServer } from '../support/mail-server.js'
import { made, openModule, type Person } from '../support/module.js'
import { mailServices, sendAll } from './services.js'

/** A person gets one e-mail about the same inviter in 24 hours, however many invitations there are. */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let server: MailServer
let inviters = 0
let ann: Person
let bo: Person
const logged: Record<string, unknown>[] = []

beforeAll(async () => {
  database = await freshDatabase()
  server = await startMailServer()
  module = await openModule(database, { title: 'title' })
})
afterAll(async () => {
  await server.close()
  await database.close()
})
beforeEach(async () => {
  server.received.splice(0)
  logged.splice(0)
  inviters++
  ann = await module.person(`ann${inviters}`)
  bo = await module.person(`bo${inviters}`)
})

const services = () => mailServices({ db: database.db, tokenKeys: module.world.tokenKeys }, server.url, logged)
const subjects = () => server.received.splice(0).map(({ mail }) => mail.subject)
/** Sends due e-mails. Returns their subjects. */
async function sent() {
  await sendAll(services())
  return subjects()
}

const accountOf = async ({ email }: Person) =>
  (await findAccount(database.db, { by: 'email', value: email.toUpperCase() })) ?? null

/** Invitations by one person for another; each returns how to withdraw it. */
const ways: Record<string, (from: Person, to: Person) => Promise<() => Promise<unknown>>> = {
  'by the Atom API': async (from, to) => {
    const inviter = await accountOf(from)
    await invite({ db: database.db }, inviter, { by: 'key', value: to.id }, '')
    const { id = '' } = (await findColleague(database.db, { ownerId: from.id, peerId: to.id })) ?? {}
    return () => remove({ db: database.db }, inviter, id, () => {})
  },
  'by the module, by id': async (from, to) => {
    const { _id } = made(await from.calls.create('accounts', from.id, { _id: to.id }))
    return () => from.calls.delete(_id)
  },
  'by the module, by address': async (from, to) => {
    const { _id } = made(await from.calls.create('accounts', from.id, { email: to.email.toUpperCase() }))
    return () => from.calls.delete(_id)
  },
  'by the module, to an object': async (from, to) => {
    const { _id } = made(await from.calls.create('documents', module.addDocument(from.id), { _id: to.id }))
    return () => from.calls.delete(_id)
  },
}
const names = Object.keys(ways)

test.each(names.flatMap((first) => names.map((second) => [first, second] as const)))(
  'invited %s, withdrawn, and invited again %s: one e-mail',
  async (first, second) => {
    const withdraw = await ways[first]?.(ann, bo)
    expect(await sent()).toHaveLength(1)
    await withdraw?.()
    for (let round = 0; round < 3; round++) {
      const again = await ways[second]?.(ann, bo)
      expect(await sent()).toEqual([])
      await again?.()
    }
    const carl = await module.person(`carl${inviters}`)
    await ways[second]?.(carl, bo)
    expect(await sent()).toHaveLength(1)
  },
)

test('repeated `create` sends no second e-mail, also with skipAcl', async () => {
  const invite = (options = {}) => ann.calls.create('accounts', ann.id, { _id: bo.id }, options)
  await invite()
  expect(await sent()).toHaveLength(1)
  for (const options of [{}, {}, { skipAcl: true }]) await invite(options)
  expect(await sent()).toEqual([])
})

test('an address without an account gets one e-mail too', async () => {
  for (let round = 0; round < 3; round++) {
    const target = { email: `Nobody${inviters}@example.com` }
    const { _id } = made(await ann.calls.create('documents', module.addDocument(ann.id), target))
    expect(await sent()).toHaveLength(round === 0 ? 1 : 0)
    await ann.calls.delete(_id)
  }
})

test('another e-mail may be sent after 24 hours', async () => {
  const invite = () => ann.calls.create('accounts', ann.id, { _id: bo.id })
  const age = async (hours: number) => {
    const by = sql`${`${hours} hours`}::interval`
    await sql`update connection set mailed_at = clock_timestamp() - ${by}`.execute(database.db)
    await sql`update mailed set at = clock_timestamp() - ${by}`.execute(database.db)
  }
  await invite()
  expect(await sent()).toHaveLength(1)
  await age(23)
  await invite()
  expect(await sent()).toEqual([])
  await age(25)
  await invite()
  expect(await sent()).toHaveLength(1)
  const { rows } = await sql`select from mailed where at < clock_timestamp() - interval '24 hours'`.execute(database.db)
  expect(rows).toEqual([])
})

test('an invitation withdrawn before sending does not block the next one', async () => {
  for (const withdrawn of [true, true, false]) {
    const withdraw = await ways['by the Atom API']?.(ann, bo)
    if (withdrawn) await withdraw?.()
  }
  expect(await sent()).toEqual([`ann${inviters} invites you to connect`])
})

test('a failed e-mail is retried, or does not block the next one', async () => {
  const due = () => sql`update outbox set due_at = clock_timestamp()`.execute(database.db)
  server.refuse = { at: 'data', code: 451 }
  const withdraw = await ways['by the module, by id']?.(ann, bo)
  await sendAll(services())
  server.refuse = undefined
  await due()
  expect(await sent()).toHaveLength(1)
  await withdraw?.()

  const carl = await module.person(`carl${inviters}`)
  server.refuse = { at: 'data', code: 451 }
  const withdrawCarl = await ways['by the module, by id']?.(carl, bo)
  await sendAll(services())
  server.refuse = undefined
  await withdrawCarl?.()
  await ways['by the module, to an object']?.(carl, bo)
  await due()
  expect(await sent()).toHaveLength(1)
})

test('concurrent senders send one e-mail', async () => {
  for (let at = 0; at < 6; at++) await ways['by the module, to an object']?.(ann, bo)
  await Promise.all(Array.from({ length: 3 }, () => sendAll(services())))
  expect(subjects()).toEqual([`ann${inviters} invites you to “Plan”`])
  expect(logged.filter(({ msg }) => msg === 'e-mail dropped')).toHaveLength(5)
})

test('acceptances are not limited', async () => {
  for (let round = 0; round < 2; round++) {
    const { _id } = made(await ann.calls.create('accounts', ann.id, { _id: bo.id }, { skipNotification: true }))
    await bo.calls.apply((await bo.calls.getToken(_id)) as string)
    expect(await sent()).toEqual([`bo${inviters} accepted your invitation`])
    await bo.calls.delete(_id)
  }
})
