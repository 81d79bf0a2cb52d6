import { sql } from 'kysely'
import { type Connection, type Connections, Fault } from '../../src/index.js'
import { type Context, listQuery, type Selection } from '../../src/sharing/query/list-statements.js'
import { parseSort } from '../../src/sharing/query/properties.js'
import { orderOf } from '../../src/sharing/query/statements.js'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, scaled, type TestDatabase } from '../support/database.js'
import { faultOf, made, openModule, type Person } from '../support/module.js'
import { planOf } from '../support/plan.js'
import { addPerson, signInSecret } from '../support/world.js'

/** Connections by others on one's own objects: listed by `show: 'context'`, and deleted. */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let client: Client
const loads: string[][] = []
let ann: Person
let bo: Person
let chen: Person
let dora: Person

beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  client = await startClient(database.db, {}, undefined, undefined, module.world)
  const people = await Promise.all(
    ['ann', 'bo', 'chen', 'dora'].map(async (name): Promise<Person> => {
      const id = await addPerson(database.db, name, { password: signInSecret })
      return { id, email: `${name}@example.com`, calls: module.connectionsFor({ accountId: id }) }
    }),
  )
  ;[ann, bo, chen, dora] = people as [Person, Person, Person, Person]
  module.defineObject({
    name: 'report',
    plural: 'reports',
    load: (ids) => {
      loads.push([...ids])
      return Promise.resolve(ids.map((_id) => ({ _id })))
    },
    // The owner has access by ownership only, not by the access list.
    owner: () => ann.id,
    acl: [{ type: 'role', target: 'auditor', allow: 'share' }],
    properties: {},
  })
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const ids = (list: readonly Connection[]) => list.map(({ _id }) => _id).sort()
const managed = (calls: Connections, options: object = {}) => calls.list({ show: 'context', ...options })
const tokenOf = async ({ calls }: Person, context: string) => {
  const [pending] = await calls.list({ show: 'target', state: 0, where: { context } })
  return pending?.token as string
}

/** A document of ann that bo may share, with a link, an invitation and a grant for dora, all by bo. */
async function shared() {
  const document = module.addDocument(ann.id)
  const own = made(await ann.calls.create('documents', document, { _id: bo.id, access: 6 }))
  await bo.calls.apply(await tokenOf(bo, document))
  const link = await bo.calls.linkTo('documents', document, 'read')
  const invitation = made(await bo.calls.create('documents', document, { email: 'who@example.com' }))
  const grant = made(await bo.calls.create('documents', document, { _id: dora.id, access: 4 }))
  await dora.calls.apply(await tokenOf(dora, document))
  return { document, own, link, invitation, grant, all: [own, link, invitation, grant].map(({ _id }) => _id).sort() }
}

describe('an object of an application', () => {
  test('shows its owner all connections on it, without the tokens of others', async () => {
    const { document, all, link } = await shared()
    const list = await managed(ann.calls, { where: { context: document } })
    expect(ids(list)).toEqual(all)
    expect(list.filter((each) => 'token' in each || 'url' in each)).toEqual([])
    const asked = await managed(ann.calls, { where: { context: document }, include: ['token', 'url', 'context.title'] })
    expect(asked.filter((each) => 'token' in each || 'url' in each)).toEqual([])
    expect(asked.map(({ context }) => context['title'])).toEqual(Array(4).fill('Plan'))
    const own = await ann.calls.linkTo('documents', document, 'read')
    expect((await managed(ann.calls, { where: { context: document } })).filter(({ token }) => token)).toMatchObject([
      { _id: own._id, token: own.token },
    ])
    expect((await managed(bo.calls, { where: { context: document } })).filter(({ token }) => token)).toMatchObject([
      { _id: link._id },
    ])
  })

  test('lets its owner delete every connection on it', async () => {
    const { document, all } = await shared()
    const trusted = { skipAcl: true, forceAuto: true }
    const most = { _id: chen.id, access: 7, auto: true }
    const highest = made(await bo.calls.create('documents', document, most, trusted))
    expect(highest).toMatchObject({ state: 1, access: 7 })
    expect(all.length).toBe(4)
    for (const { _id } of await managed(ann.calls, { where: { context: document } })) {
      expect(await ann.calls.delete(_id)).toBe(true)
    }
    expect(await managed(ann.calls, { where: { context: document } })).toHaveLength(0)
    expect(await chen.calls.list({ where: { context: document } })).toHaveLength(0)
  })

  test('lets a sharer list its connections, and delete those below the sharer’s level', async () => {
    const { document, all, own } = await shared()
    expect(ids(await managed(bo.calls, { where: { context: document } }))).toEqual(all)
    expect(ids(await managed(bo.calls, { where: { 'context.object': 'account' } }))).not.toContain(own._id)
    expect(ids(await managed(bo.calls))).toEqual(expect.arrayContaining(all))
    const theirs = await ann.calls.linkTo('documents', document, 'read')
    expect(await bo.calls.delete(theirs._id)).toBe(true)
    const equal = made(
      await ann.calls.create(
        'documents',
        document,
        { _id: chen.id, access: 6, auto: true },
        { forceAuto: true, skipAcl: true },
      ),
    )
    expect(await faultOf(bo.calls.delete(equal._id))).toBe('accessDenied.connection')
    expect(await ann.calls.delete(equal._id)).toBe(true)
  })

  test('shows nothing to callers without share access', async () => {
    const { document } = await shared()
    for (const { calls } of [dora, chen]) {
      expect(await managed(calls, { where: { context: document } })).toHaveLength(0)
      expect((await managed(calls)).filter(({ context }) => context._id === document)).toEqual([])
    }
    expect(await faultOf(managed(module.nobody, { where: { context: document } }))).toBe('accessDenied.notLoggedIn')
  })

  test('must be named: one, or up to 100', async () => {
    const documents = Array.from({ length: 100 }, () => module.addDocument(ann.id))
    for (const each of documents.slice(0, 3)) await ann.calls.linkTo('documents', each)
    const several = await managed(ann.calls, { objects: 'documents', where: { context: { $in: documents } } })
    expect(several.map(({ context }) => context._id)).toEqual(documents.slice(0, 3))
    const refused = 'invalidArgument.query where.context'
    const tooMany = { context: { $in: [...documents, 'one more'] } }
    expect(await faultOf(managed(ann.calls, { where: tooMany }))).toBe(refused)
    expect(await faultOf(managed(ann.calls, { objects: 'documents' }))).toBe(refused)
    expect(await faultOf(managed(ann.calls, { objects: ['accounts', 'reports'] }))).toBe(refused)
    expect(await faultOf(managed(ann.calls, { where: { 'context.object': 'documents' } }))).toBe(refused)
    const apart = { 'context.object': 'document', $or: [{ context: documents[0] }, { access: 4 }] }
    expect(await faultOf(managed(ann.calls, { where: apart }))).toBe(refused)
    await expect(managed(ann.calls, { objects: 'documents' })).rejects.toMatchObject({
      reason: 'Query one document by its id, or up to 100 with $in.',
    })
    const both = { $and: [{ access: 2 }, { context: documents[0] }] }
    expect(await managed(ann.calls, { where: both })).toHaveLength(1)
  })

  test('belongs to its owner by the type alone, and to others by the access list', async () => {
    const trusted = { skipAcl: true }
    const link = await bo.calls.linkTo('reports', 'r1', 'read', trusted)
    await module.defineRole('auditor')
    await database.db
      .updateTable('account')
      .set({ roles: ['auditor'] })
      .where('id', '=', chen.id)
      .execute()
    loads.length = 0
    for (const { calls } of [ann, chen]) {
      expect(ids(await managed(calls, { where: { context: { $in: ['r1', 'r2'] } } }))).toEqual([link._id])
    }
    // The type loads only objects with connections, since ids may be of other types.
    expect(loads).toEqual([['r1'], ['r1']])
    expect(await managed(dora.calls, { where: { context: 'r1' } })).toHaveLength(0)
    expect(await dora.calls.list({ show: 'context', where: { context: 'r1' }, skipAcl: true })).toHaveLength(1)
    expect(await ann.calls.delete(link._id)).toBe(true)
    await database.db.updateTable('account').set({ roles: [] }).where('id', '=', chen.id).execute()
  })
})

describe('the own account', () => {
  test('shows connections by others, and lets its owner delete them', async () => {
    const [gus, hal, ida] = [await module.person('gus'), await module.person('hal'), await module.person('ida')]
    made(await gus.calls.create('accounts', gus.id, { _id: hal.id, access: 6 }))
    await hal.calls.apply(await tokenOf(hal, gus.id))
    const link = await hal.calls.linkTo('accounts', gus.id, 'connected')
    const invitation = made(await hal.calls.create('accounts', gus.id, { email: 'x@example.com' }))
    const other = made(await ida.calls.create('documents', module.addDocument(ida.id), { _id: gus.id }))
    const all = await managed(gus.calls)
    expect(all).toHaveLength(3)
    expect(ids(all)).toEqual(expect.arrayContaining([link._id, invitation._id]))
    expect(ids(all)).not.toContain(other._id)
    expect(all.filter(({ token }) => token)).toEqual([])
    // A sharer of the account sees the same. An invited person sees nothing.
    expect(ids(await managed(hal.calls))).toEqual(ids(all))
    expect(ids(await managed(hal.calls, { objects: 'accounts', where: { context: gus.id.toUpperCase() } }))).toEqual(
      ids(all),
    )
    expect(await managed(ida.calls)).toHaveLength(0)
    expect(await managed(gus.calls, { state: 0 })).toHaveLength(1)
    const group = { _id: 'creator', out: { n: { $count: 1 } } }
    expect((await managed(gus.calls, { group, sort: { n: 1 } })).data).toEqual([
      { _id: gus.id, n: 1 },
      { _id: hal.id, n: 2 },
    ])
    for (const { _id } of all) expect(await gus.calls.delete(_id)).toBe(true)
    expect(await managed(gus.calls)).toHaveLength(0)
    expect(await managed(hal.calls)).toHaveLength(0)
  })

  test('shows its connections to an earlier inviter with later share access', async () => {
    const [kit, lou] = [await module.person('kit'), await module.person('lou')]
    made(await lou.calls.create('accounts', lou.id, { _id: kit.id }))
    await kit.calls.apply(await tokenOf(kit, lou.id))
    const link = await kit.calls.linkTo('accounts', kit.id, 'connected')
    expect(ids(await managed(lou.calls))).not.toContain(link._id)
    made(await kit.calls.create('accounts', kit.id, { email: lou.email, access: 6 }))
    await lou.calls.apply(await tokenOf(lou, kit.id))
    expect(ids(await managed(lou.calls, { where: { context: kit.id } }))).toContain(link._id)
    expect(ids(await managed(lou.calls))).toContain(link._id)
    expect(await lou.calls.delete(link._id)).toBe(true)
  })
})

test('/v2 lists and deletes the same connections', async () => {
  const { document, all, link } = await shared()
  const ask = async (name: string, query: string) => {
    const { status, text } = await client.send(`/v2/connections?show=context&${query}`, { as: `${name}:colleagues` })
    return { status, body: JSON.parse(text) as { data: Connection[]; errCode: string; path: string } }
  }
  const named = `where=${encodeURIComponent(JSON.stringify({ context: document }))}`
  const { status, body } = await ask('ann', named)
  expect([status, ids(body.data)]).toEqual([200, all])
  expect(body.data.filter((each) => 'token' in each)).toEqual([])
  expect((await ask('chen', named)).body.data).toEqual([])
  expect(await ask('ann', 'objects=documents')).toMatchObject({
    status: 400,
    body: { errCode: 'cortex.invalidArgument.query', path: 'where.context' },
  })
  const deleted = await client.send(`/v2/connections/${link._id}`, { as: 'ann:colleagues', method: 'DELETE' })
  expect(deleted.status).toBe(200)
  expect(await bo.calls.read(link._id).catch((fault: unknown) => (fault as Fault).errCode)).toBe(
    'cortex.notFound.unspecified',
  )
})

describe('many connections on one object, and a tenth of that on others', () => {
  beforeAll(async () => {
    const count = scaled(110_000)
    await sql`
      insert into connection (id, context_object, context_text, creator_id, target_id, state, access,
        created_at, updated_at)
      select gen_random_uuid(), 'document', case when n <= ${(count * 10) / 11}::integer then 'busy' else 'quiet' || n end, gen_random_uuid(),
        case when n = 1 or n > ${(count * 109) / 110}::integer then ${dora.id}::uuid else gen_random_uuid() end, 'active',
        case when n = 1 or n > ${count - 10}::integer then 5 else 2 end, now(), now()
      from generate_series(1, ${count}::integer) as n`.execute(database.db)
    await sql`analyze connection`.execute(database.db)
  })

  const part = { order: orderOf(parseSort(undefined)), skip: 0, limit: 100 }
  const selection = (contexts: readonly Context[] | 'shared'): Selection => ({
    viewer: { accountId: dora.id, email: dora.email },
    show: { contexts },
    state: null,
    objects: module.world.types.names(),
    where: sql<boolean>`true`,
    beyond: null,
  })

  test.each<[string, readonly Context[] | 'shared', string[]]>([
    ['one object', [{ object: 'document', contextId: 'busy' }], ['connection_context_key']],
    ['the shared objects', 'shared', ['connection_context_key', 'connection_shared', 'connection_shared_back']],
  ])('are read from indexes for a page of %s', async (_name, contexts, indexes) => {
    const nodes = await planOf(database.db, listQuery(selection(contexts), part).compile(database.db))
    const reads = nodes.filter((node) => node['Relation Name'] === 'connection' || node['Index Name'])
    expect([...new Set(reads.map((node) => node['Index Name']))].sort()).toEqual(indexes)
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan')
  })
})
