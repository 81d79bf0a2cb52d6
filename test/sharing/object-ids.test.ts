import fc from 'fast-check'
import { sql } from 'kysely'
import { v7 as newId } from 'uuid'
import { migrations } from '../../migrations/index.js'
import { type Client, type Sending, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, openModule, type Person } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let client: Client
let ann: Person
let bo: Person

beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  client = await startClient(database.db, {}, undefined, undefined, module.world)
  for (const name of ['ann', 'bo']) await addPerson(database.db, name, { password: signInSecret })
  const [first, second] = await Promise.all(
    ['ann', 'bo'].map((name) => module.runAs(name, {}, ({ accountId }) => Promise.resolve(accountId))),
  )
  ann = { id: first as string, email: 'ann@example.com', calls: module.connectionsFor({ accountId: first as string }) }
  bo = { id: second as string, email: 'bo@example.com', calls: module.connectionsFor({ accountId: second as string }) }
})
afterAll(async () => {
  await client.close()
  await database.close()
})

const ids = [
  ['24 hex digits', '65a1f0c2e4b0a1b2c3d4e5f6', '65a1f0c2e4b0a1b2c3d4e5f6'],
  ['24 hex digits in upper case', '65A1F0C2E4B0A1B2C3D4E5F6', '65A1F0C2E4B0A1B2C3D4E5F6'],
  ['a number', '42', '42'],
  ['a slug', 'plan-of_2027', 'plan-of_2027'],
  ['a path with a query', 'a/b?c=d&e#f', 'a%2Fb%3Fc%3Dd%26e%23f'],
  ['percent signs and spaces', ' 100% %2F ', '%20100%25%20%252F%20'],
  ['other letters', 'Жук 漢😀', '%D0%96%D1%83%D0%BA%20%E6%BC%A2%F0%9F%98%80'],
  ['128 characters', '😀'.repeat(128), '%F0%9F%98%80'.repeat(128)],
  ['a UUID', '0190cafe-0000-7000-8000-00000000000a', '0190cafe-0000-7000-8000-00000000000a'],
  ['a UUID in upper case', '0190CAFE-0000-7000-8000-00000000000A', '0190CAFE-0000-7000-8000-00000000000A'],
  ['a token', 'A'.repeat(32), 'A'.repeat(32)],
  ['a statement of SQL', `'; drop table connection; --`, `'%3B%20drop%20table%20connection%3B%20--`],
] as const

test.each(ids)('an object with the id %s is shared, found, read, listed and deleted', async (_kind, id, encoded) => {
  module.addDocument(ann.id, id)
  const link = await ann.calls.linkTo('documents', id, 'read')
  const context = { _id: id, object: 'document', path: `/documents/${encoded}` }
  expect(link.context).toEqual(context)
  expect(await module.nobody.read(`${link.token}/context/body`)).toBe('We meet.')

  const sent: Sending = { as: 'ann:colleagues', method: 'POST', body: JSON.stringify({ targets: [{ _id: bo.id }] }) }
  const { status, text } = await client.send(`/v2${context.path}/connections`, sent)
  expect([status, JSON.parse(text)]).toMatchObject([200, { data: [{ object: 'connection', state: 0, context }] }])
  const token = (await bo.calls.list({ where: { context: id } }))[0]?.token as string
  expect(await bo.calls.apply(token)).toMatchObject({ state: 1, context })

  const found = await ann.calls.list({ where: { 'context._id': { $in: [id, 'none'] } }, expand: ['context'] })
  expect(found.map((each) => [each.context._id, each.context['title']])).toEqual([
    [id, 'Plan'],
    [id, 'Plan'],
  ])
  const group = { _id: 'context', out: { n: { $count: 1 }, all: { $addToSet: '$context' } } }
  expect((await ann.calls.list({ where: { context: id }, group })).data).toEqual([{ _id: id, n: 2, all: [id] }])
  await bo.calls.delete(found[1]?._id as string)
  module.dropDocument(id)
  expect(await module.removeContext('documents', id)).toBe(1)
})

test('ids that differ in case are two objects with their own connections', async () => {
  for (const id of [
    'abcdef',
    'ABCDEF',
    '0190cafe-0000-7000-8000-00000000000b',
    '0190CAFE-0000-7000-8000-00000000000B',
  ]) {
    module.addDocument(ann.id, id)
    made(await ann.calls.create('documents', id, { _id: bo.id }))
    expect((await bo.calls.list({ where: { context: id } })).map(({ context }) => context._id)).toEqual([id])
  }
})

test('any text as an id finds exactly its connections', async () => {
  const id = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 128 })
    .filter((text) => /^[^\p{Cc}\p{Cs}]+$/u.test(text))
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(id, { minLength: 2, maxLength: 3 }), async (several) => {
      for (const each of several) {
        module.addDocument(ann.id, each)
        await ann.calls.linkTo('documents', each, 'read')
      }
      for (const each of several) {
        const found = await ann.calls.list({ where: { context: each, 'context.object': 'document' } })
        expect(found.map(({ context }) => [context._id, decodeURIComponent(context.path)])).toEqual([
          [each, `/documents/${each}`],
        ])
        expect(await module.removeContext('documents', each)).toBe(1)
      }
    }),
    { numRuns: 8 },
  )
})

describe.each([
  ['an empty text', ''],
  ['129 characters', 'x'.repeat(129)],
  ['a line break', 'a\nb'],
  ['NUL', 'a\0b'],
  ['half a character', 'a\ud800'],
  ['a value of type number', 42 as unknown as string],
])('%s as an id', (_kind, id) => {
  test('is refused by every call, with the reason', async () => {
    expect(await faultOf(ann.calls.create('documents', id, { _id: bo.id }))).toBe('invalidArgument.unspecified id')
    expect(await faultOf(ann.calls.linkTo('documents', id))).toBe('invalidArgument.unspecified id')
    expect(await faultOf(module.removeContext('documents', id))).toBe('invalidArgument.unspecified id')
    expect(await faultOf(ann.calls.list({ where: { context: id } }))).toBe('invalidArgument.query context')
    await expect(ann.calls.linkTo('documents', id)).rejects.toMatchObject({
      reason: 'An id must be a string of 1 to 128 characters without control characters.',
    })
  })
})

test('accounts and the organisation have UUIDs, in any case', async () => {
  const chen = await module.person('chen')
  const upper = ann.id.toUpperCase()
  const { context } = made(await ann.calls.create('accounts', upper, { _id: chen.id.toUpperCase() }))
  expect(context).toMatchObject({ _id: ann.id, path: `/accounts/${ann.id}` })
  const contexts = async (where: unknown) =>
    (await chen.calls.list({ where })).map((each) => [each.context.object, each.context._id])
  expect(await contexts({ context: upper })).toEqual([['account', ann.id]])
  expect(await contexts({ context: { $in: [upper, 'other'] } })).toEqual([['account', ann.id]])
  expect(await contexts({ context: { $ne: upper } })).toEqual([])
  // A document with the same id in lower case does not match.
  module.addDocument(ann.id, ann.id)
  made(await ann.calls.create('documents', ann.id, { _id: chen.id }))
  expect(await contexts({ context: upper })).toEqual([['account', ann.id]])
  expect(await contexts({ context: ann.id })).toHaveLength(2)
  expect(await faultOf(ann.calls.create('accounts', 'ann', { _id: chen.id }))).toBe('notFound.instance ann')
  expect(await faultOf(ann.calls.create('orgs', '42', { _id: chen.id }))).toBe('notFound.instance 42')
})

describe('a server of the previous release beside this one', () => {
  const insert = (context: string) => sql`
    insert into connection (id, context_object, context_id, creator_id, target_id, state, access, created_at, updated_at)
    values (${newId()}, 'document', ${context}, ${ann.id}, ${bo.id}, 'active', 4, now(), now())`

  test('shares the connections with this one', async () => {
    const [theirs, ours] = [module.addDocument(ann.id), module.addDocument(ann.id)]
    await insert(theirs).execute(database.db)
    expect((await bo.calls.list({ where: { context: theirs } })).map(({ access }) => access)).toEqual([4])
    expect((await ann.calls.create('documents', theirs, { _id: bo.id, access: 2 }))[0]).toMatchObject({
      errCode: 'cortex.conflict.connectionExists',
    })
    const link = await ann.calls.linkTo('documents', ours, 'read')
    const { rows } = await sql`
      select c.id, c.context_id from connection as c
      where c.context_object = 'document' and c.context_id = any(${[ours]}::uuid[])`.execute(database.db)
    expect(rows).toEqual([{ id: link._id, context_id: ours }])
  })

  test('cannot add a second connection for one target', async () => {
    const document = module.addDocument(ann.id)
    const { token } = made(
      await ann.calls.create('documents', document, { _id: bo.id }).then(async ([each]) => {
        const pending = await bo.calls.read((each as { _id: string })._id)
        return [pending]
      }),
    )
    await bo.calls.apply(token as string)
    await expect(insert(document).execute(database.db)).rejects.toThrow(/connection_active/)
  })

  test('can be restored: connections with other ids are deleted, all others stay', async () => {
    const { db } = database
    const [document, slug] = [module.addDocument(ann.id), module.addDocument(ann.id, 'slug')]
    await ann.calls.linkTo('documents', document)
    await ann.calls.linkTo('documents', slug)
    const step = migrations['0013-object-ids']
    const contexts = async () => {
      const { rows } = await sql<{ id: string }>`
        select context_id::text as id from connection where context_object = 'document' order by 1`.execute(db)
      return rows.map(({ id }) => id)
    }
    await step?.down?.(db)
    const left = await contexts()
    expect(left).toContain(document)
    expect(left).not.toContain(null)
    await step?.up(db)
    expect(await contexts()).toEqual(left)
    expect(await ann.calls.list({ where: { context: document } })).toHaveLength(1)
    expect(await ann.calls.list({ where: { context: 'slug' } })).toHaveLength(0)
  })
})
