import { sql } from 'kysely'
import { sweep } from '../../src/sharing/delete.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, openModule } from '../support/module.js'

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
})
afterAll(() => database.close())

const expire = (id: string) =>
  sql`update connection set expires_at = clock_timestamp() - interval '1 second' where id = ${id}`.execute(database.db)

const idsOf = async () => (await database.db.selectFrom('connection').select('id').execute()).map(({ id }) => id)

test('an expired connection is hidden at once, and deleted by the sweep', async () => {
  const ann = await module.person('ann')
  const document = module.addDocument(ann.id)
  const invite = async () => made(await ann.calls.create('documents', document, { email: 'who@example.com' }))
  const expired = [await invite(), await ann.calls.linkTo('documents', document, 2, { expiresInMs: 60_000 })]
  const stays = await ann.calls.linkTo('documents', document, 2, { expiresInMs: 60_000 })
  for (const { _id } of expired) await expire(_id)
  expect((await ann.calls.list()).map(({ _id }) => _id)).toEqual([stays._id])
  expect(await faultOf(ann.calls.read(expired[0]?._id as string))).toMatch(/^notFound.unspecified/)
  expect(await faultOf(module.nobody.read(expired[1]?.token as string))).toBe('invalidArgument.connectionToken')

  expect(await sweep(database.db)).toBe(2)
  expect(await idsOf()).toEqual([stays._id])
  const events = await database.db.selectFrom('connection_event').selectAll().where('verb', '=', 'expired').execute()
  expect(events.map((event) => [event.connection_id, event.actor_id]).sort()).toEqual(
    expired.map(({ _id }) => [_id, null]).sort(),
  )
  expect(await sweep(database.db)).toBe(0)
})

test('a new invitation replaces an expired one', async () => {
  const bo = await module.person('bo')
  const document = module.addDocument(bo.id)
  const invite = async () => made(await bo.calls.create('documents', document, { email: 'who@example.com', access: 4 }))
  const first = await invite()
  await expire(first._id)
  const second = await invite()
  expect(second._id).not.toBe(first._id)
  expect((await bo.calls.list()).map(({ _id }) => _id)).toEqual([second._id])
})

test('an invitation between two accounts never expires', async () => {
  const [chen, dalia] = [await module.person('chen'), await module.person('dalia')]
  expect(made(await chen.calls.create('accounts', chen.id, { _id: dalia.id }))).not.toHaveProperty('expiresAt')
})

describe('removing an object', () => {
  test('deletes its connections, and writes an event for each', async () => {
    const [eve, finn] = [await module.person('eve'), await module.person('finn')]
    const [gone, stays] = [module.addDocument(eve.id), module.addDocument(eve.id)]
    const forced = { skipAcl: true, forceAuto: true }
    const connect = async (document: string) => [
      made(await eve.calls.create('documents', document, { email: 'who@example.com' })),
      made(await eve.calls.create('documents', document, { _id: finn.id, auto: true }, forced)),
      await eve.calls.linkTo('documents', document, 4),
    ]
    const [of, others] = [await connect(gone), await connect(stays)]
    module.dropDocument(gone)
    expect(await module.removeContext('documents', gone)).toBe(3)
    expect((await eve.calls.list()).map(({ _id }) => _id)).toEqual(others.map(({ _id }) => _id))
    expect((await finn.calls.list()).map(({ _id }) => _id)).toEqual([others[1]?._id])
    const events = await database.db
      .selectFrom('connection_event')
      .select(['connection_id', 'actor_id', 'detail'])
      .where('verb', '=', 'removed')
      .orderBy('connection_id')
      .execute()
    expect(events).toMatchObject(
      of.map(({ _id }) => ({ connection_id: _id, actor_id: null, detail: { object: 'document', context: gone } })),
    )
    expect(await module.removeContext('document', gone)).toBe(0)
  })

  test('refuses an unknown type, an account and an empty id', async () => {
    const id = module.addDocument('')
    expect(await faultOf(module.removeContext('planets', id))).toBe('invalidArgument.object planets')
    expect(await faultOf(module.removeContext('accounts', id))).toBe('invalidArgument.object account')
    expect(await faultOf(module.removeContext('documents', ''))).toBe('invalidArgument.unspecified id')
  })
})
