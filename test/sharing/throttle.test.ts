import { sql } from 'kysely'
import { invite as inviteColleague } from '../../src/connections/invite.js'
import { invitationsQuery } from '../../src/connections/transaction-store.js'
import { type Connection, Fault } from '../../src/index.js'
import { findAccount } from '../../src/people/store.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { made, nameOf, openModule } from '../support/module.js'
import { planOf } from '../support/plan.js'

/** Limits of a person: a hundred invitations an hour by the module, and five hundred a day by both APIs. */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
})
afterAll(() => database.close())

const addresses = (count: number, of: string) =>
  Array.from({ length: count }, (_, at) => ({ email: `${of}${at}@example.com` }))
const faultsIn = (result: readonly (Connection | Fault)[]) =>
  result.flatMap((each) => (each instanceof Fault ? [nameOf(each)] : []))
/** Avoids the limit of e-mails. */
const silently = { skipNotification: true }
const throttled = 'throttled.connectionInvitations'

test('withdrawn and accepted invitations count until the hour is over', async () => {
  const ann = await module.person('ann')
  const bo = await module.person('bo')
  const document = module.addDocument(ann.id)
  const invite = (target: object) => ann.calls.create('documents', document, target, silently)
  const { _id } = made(await invite({ _id: bo.id }))
  await bo.calls.apply((await bo.calls.getToken(_id)) as string)
  const rest = (await ann.calls.create('documents', document, addresses(99, 'a'), silently)) as Connection[]
  expect(faultsIn(rest)).toEqual([])
  for (const each of rest.slice(0, 5)) await ann.calls.delete(each._id)
  expect(faultsIn(await invite({ email: 'a0@example.com' }))).toEqual([throttled])
  // A pending invitation may be repeated, and skipAcl is exempt.
  expect(faultsIn(await invite({ email: 'a9@example.com' }))).toEqual([])
  expect(faultsIn(await ann.calls.create('documents', document, addresses(1, 'b'), { skipAcl: true }))).toEqual([])
  await sql`update connection_event set at = at - interval '61 minutes' where actor_id = ${ann.id}`.execute(database.db)
  expect(faultsIn(await invite({ email: 'a0@example.com' }))).toEqual([])
})

test('after fifty e-mails a creator invites without notification, or waits', async () => {
  const eve = await module.person('eve')
  const document = module.addDocument(eve.id)
  const invite = (targets: object | object[], options = {}) => eve.calls.create('documents', document, targets, options)
  expect(faultsIn(await invite(addresses(52, 'e')))).toEqual([throttled, throttled])
  expect(faultsIn(await invite({ email: 'f@example.com' }))).toEqual([throttled])
  expect(faultsIn(await invite({ email: 'f@example.com' }, silently))).toEqual([])
  // A pending invitation may be repeated, but without an e-mail.
  expect(faultsIn(await invite({ email: 'f@example.com' }))).toEqual([])
  const owed = await database.db.selectFrom('outbox').select('id').where('creator_id', '=', eve.id).execute()
  expect(owed).toHaveLength(50)
})

test('concurrent invitations to several objects share one limit', async () => {
  const carl = await module.person('carl')
  const documents = [module.addDocument(carl.id), module.addDocument(carl.id)]
  const results = await Promise.all(
    documents.map((document, at) => carl.calls.create('documents', document, addresses(60, `c${at}-`), silently)),
  )
  const faults = faultsIn(results.flat())
  expect(faults).toEqual(Array.from({ length: 20 }, () => throttled))
})

test('a call with skipAcl is neither limited nor counted', async () => {
  const dan = await module.person('dan')
  const document = module.addDocument(dan.id)
  const create = (targets: object[], options: object) => dan.calls.create('documents', document, targets, options)
  for (const round of ['d', 'e']) {
    expect(faultsIn(await create(addresses(101, round), { skipAcl: true }))).toEqual([])
  }
  const trusted = module.connectionsFor({ accountId: dan.id, skipAcl: true })
  expect(faultsIn(await trusted.create('documents', document, addresses(101, 'f')))).toEqual([])
  // The whole quota of dan is left: fifty e-mails, and fifty more invitations.
  expect(faultsIn(await create(addresses(50, 'g'), {}))).toEqual([])
  expect(faultsIn(await create(addresses(51, 'h'), silently))).toEqual([throttled])
  const owed = await database.db.selectFrom('outbox').select('id').where('creator_id', '=', dan.id).execute()
  expect(owed).toHaveLength(50)
})

test('a dropped e-mail counts, since the difference would reveal the recipient', async () => {
  const gil = await module.person('gil')
  const document = module.addDocument(gil.id)
  await gil.calls.create('documents', document, addresses(50, 'gil'))
  await database.db.updateTable('outbox').set({ dropped_at: new Date() }).where('creator_id', '=', gil.id).execute()
  expect(faultsIn(await gil.calls.create('documents', document, addresses(1, 'more')))).toEqual([throttled])
})

test('a person makes at most 500 invitations a day by both APIs, withdrawn ones included', async () => {
  const { id, calls } = await module.person('fay')
  const document = module.addDocument(id)
  const invite = (count: number, of: string) => calls.create('documents', document, addresses(count, of), silently)
  for (const round of [1, 2, 3, 4]) {
    for (const each of (await invite(100, `f${round}-`)) as Connection[]) await calls.delete(each._id)
    await sql`update connection_event set at = at - interval '61 minutes' where actor_id = ${id}`.execute(database.db)
  }
  const inviteAtom = async (name: string) =>
    inviteColleague(
      { db: database.db },
      (await findAccount(database.db, { by: 'userId', value: 'fay' })) ?? null,
      { by: 'key', value: (await module.person(name)).id },
      '',
    )
  for (let at = 0; at < 10; at++) await inviteAtom(`atom${at}`)
  expect(faultsIn(await invite(91, 'f5-'))).toEqual([throttled])
  await expect(inviteAtom('late')).rejects.toMatchObject({ code: 'tooMany', retryAfter: 3600 })
  await sql`update connection_event set at = at - interval '20 hours' where actor_id = ${id}`.execute(database.db)
  await inviteAtom('next')
})

test('counting reads only the index entries of one person', async () => {
  const { id } = await module.person('dora')
  await sql`
    insert into connection_event (id, connection_id, actor_id, verb, at, detail)
    select gen_random_uuid(), gen_random_uuid(), case when n % 10 = 0 then ${id}::uuid else gen_random_uuid() end, 'invited',
      now() - n * interval '1 minute', case when n % 20 = 0 then '{"object": "document"}'::jsonb else '{}'::jsonb end
    from generate_series(1, 20000) as n`.execute(database.db)
  await sql`analyze connection_event`.execute(database.db)
  const nodes = await planOf(database.db, invitationsQuery(id).compile(database.db))
  expect(nodes.map((node) => node['Index Name'])).toContain('connection_event_counted')
  expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([])
  expect((await invitationsQuery(id).execute(database.db)).rows[0]).toEqual({ lastDay: 143, lastHour: 2 })
})
