import { type RawBuilder, sql } from 'kysely'
import { appIn, createModuleContext } from '../../src/sharing/app.js'
import { keysOf } from '../../src/sharing/grant.js'
import { listQuery, type Selection } from '../../src/sharing/query/list-statements.js'
import { parseSort } from '../../src/sharing/query/properties.js'
import { orderOf } from '../../src/sharing/query/statements.js'
import { freshDatabase, scaled, type TestDatabase } from '../support/database.js'
import { made, openModule, type Person } from '../support/module.js'
import { planOf } from '../support/plan.js'

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let ann: Person

beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  ann = await module.person('ann')
})
afterAll(() => database.close())

describe('a caller with many connections', () => {
  const count = scaled(100_000)

  beforeAll(async () => {
    // The caller created half of them, and is the target of the other half. Every sixth connection is of others.
    await sql`
      insert into connection (id, context_object, context_id, creator_id, target_id, state, access,
        created_at, updated_at)
      select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'document', gen_random_uuid(),
        case when n % 12 < 5 then ${ann.id}::uuid else gen_random_uuid() end,
        case when n % 12 between 5 and 9 then ${ann.id}::uuid else gen_random_uuid() end,
        'active', 2, now(), now()
      from generate_series(1, ${count * 1.2}::integer) as n`.execute(database.db)
    await sql`analyze connection`.execute(database.db)
  })

  const selection = (viewer: Selection['viewer']): Selection => ({
    viewer,
    show: null,
    state: null,
    objects: module.world.types.names(),
    where: sql<boolean>`true`,
    beyond: null,
  })
  const order: RawBuilder<unknown> = orderOf(parseSort(undefined))

  test('gets the first page from indexes in their order', async () => {
    const query = listQuery(selection({ accountId: ann.id, email: ann.email }), { order, skip: 0, limit: 100 })
    const nodes = await planOf(database.db, query.compile(database.db))
    const reads = nodes.filter((node) => node['Relation Name'] === 'connection')
    expect(reads.map((node) => node['Node Type']).filter((type) => !/^Index (Only )?Scan$/.test(type))).toEqual([])
    expect(reads).toHaveLength(4)
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan')
  })

  test('gets every connection once in pages by cursor, despite concurrent writes', async () => {
    const all = await database.db
      .selectFrom('connection')
      .select('id')
      .where((by) => by.or([by('creator_id', '=', ann.id), by('target_id', '=', ann.id)]))
      .orderBy('id')
      .limit(2500)
      .execute()
    const document = module.addDocument(ann.id)
    const seen: string[] = []
    const gone = new Set<string>()
    let startingAfter: string | null = null
    for (let page = 0; page < 5; page++) {
      const list: Awaited<ReturnType<typeof ann.calls.list>> = await ann.calls.list({ limit: 500, startingAfter })
      expect([list.length, list.hasMore]).toEqual([500, true])
      seen.push(...list.map(({ _id }) => _id))
      startingAfter = seen.at(-1) ?? null
      // One of the shown connections is deleted, and another is added at the end.
      await ann.calls.delete(seen[page * 500] as string, { skipAcl: true })
      gone.add(seen[page * 500] as string)
      made(await ann.calls.create('documents', document, { email: `page${page}@example.com` }))
    }
    expect(seen).toEqual(all.map(({ id }) => id))
    const back = await ann.calls.list({ limit: 499, endingBefore: seen[999] as string })
    const before = seen.slice(0, 999).filter((id) => !gone.has(id))
    expect(back.map(({ _id }) => _id)).toEqual(before.slice(-499))
  })
})

test('connections of an unknown type of another program are skipped', async () => {
  const bo = await module.person('bo')
  const document = module.addDocument(bo.id)
  await bo.calls.linkTo('documents', document, 'read')
  const invitation = made(await bo.calls.create('accounts', bo.id, { email: 'who@example.com' }))
  const tokenKeys = keysOf([Buffer.alloc(32)])
  const elsewhere = await createModuleContext(database.db, { tokenKeys, appKey: null, baseUrl: null })
  const calls = appIn(elsewhere).connectionsFor({ accountId: bo.id })
  expect((await calls.list({ limit: 1 })).data).toMatchObject([{ _id: invitation._id }])
  expect((await calls.list({ limit: 1 })).hasMore).toBe(false)
  const count = { _id: null, out: { count: { $count: 1 } } }
  expect((await calls.list({ group: count })).data).toMatchObject([{ count: 1 }])
  expect((await bo.calls.list({ group: count })).data).toMatchObject([{ count: 2 }])
})
