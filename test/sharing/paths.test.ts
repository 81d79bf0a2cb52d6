import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, openModule, type Person } from '../support/module.js'

/** Paths into objects that have properties of more than one level. */

const study = {
  _id: 'study',
  title: 'Study',
  c_children: [{ _id: '65a1f0c2e4b0a1b2c3d4e5f6', name: 'first' }, { _id: 'a/b.c', name: 'second' }, 'third', null],
  c_numbered: [
    { _id: '1', name: 'one' },
    { _id: '0', name: 'zero' },
  ],
  extra: { a: 1, b: { c: 2, d: 3 }, list: [{ _id: 'x', y: 4 }] },
  secret: { a: 5 },
}

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let client: Client
let ann: Person
let token: string
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  client = await startClient(database.db, {}, undefined, undefined, module.world)
  ann = await module.person('ann')
  module.defineObject<typeof study>({
    name: 'study',
    plural: 'studies',
    load: (ids) => Promise.resolve(ids.includes('study') ? [study] : []),
    owner: () => ann.id,
    properties: {
      title: 'public',
      c_children: 'read',
      c_numbered: 'read',
      extra: { access: 'read', optional: true },
      secret: { access: 'update', optional: true },
    },
  })
  token = (await ann.calls.linkTo('studies', 'study', 'read')).token as string
})
afterAll(async () => {
  await client.close()
  await database.close()
})

describe('a path through a list', () => {
  test.each([
    ['c_children/65a1f0c2e4b0a1b2c3d4e5f6/name', 'first'],
    ['c_children/0/name', 'first'],
    ['c_children/a%2Fb%2Ec/name', 'second'],
    ['c_children/2', 'third'],
    // An id takes precedence over an index.
    ['c_numbered/1/name', 'one'],
    ['c_numbered/0/name', 'zero'],
    ['extra/list/x/y', 4],
  ])('names an element by its _id, or else by its index: %s', async (path, value) => {
    expect(await module.nobody.read(`${token}/context/${path}`)).toBe(value)
    const { status, text } = await client.send(`/v2/connections/${token}/context/${path}`)
    expect([status, JSON.parse(text)]).toEqual([200, { object: 'result', data: value }])
  })

  test('may have dots', async () => {
    expect(await module.nobody.read(`${token}.context.c_children.a%2Fb%2Ec.name`)).toBe('second')
  })

  test.each(['none', '9', 'a/b.c', '__proto__'])('to a missing element is not found: %s', async (name) => {
    const path = `context/c_children/${name}`
    expect(await faultOf(module.nobody.read(`${token}/${path}`))).toBe(
      `notFound.unspecified ${path.replaceAll('/', '.')}`,
    )
  })

  test('with a malformed percent sign is refused', async () => {
    expect(await faultOf(module.nobody.read(`${token}/context/100%`))).toBe('invalidArgument.unspecified tokenOrId')
    expect(await faultOf(module.nobody.read(`${token}/context/%ff`))).toBe('invalidArgument.unspecified tokenOrId')
  })

  test('selects among the paths of an answer', async () => {
    const paths = ['context.c_children.65a1f0c2e4b0a1b2c3d4e5f6.name']
    expect((await module.nobody.read(token, { paths, expand: ['context'] })).context).toEqual({
      c_children: { '65a1f0c2e4b0a1b2c3d4e5f6': { name: 'first' } },
    })
  })
})

describe('a part of an optional property', () => {
  test.each([
    [['context.extra.a'], { a: 1 }],
    [['context.extra.b.c', 'context.extra.a'], { a: 1, b: { c: 2 } }],
    [['context.extra.b.c', 'context.extra.b'], { b: { c: 2, d: 3 } }],
    [['context.extra.a', 'context.extra'], study.extra],
    [['context.extra.planet', 'context.extra.__proto__.x'], undefined],
    [['context'], undefined],
  ])('is shown if it is included: %j', async (include, extra) => {
    expect((await module.nobody.read(token, { include })).context['extra']).toEqual(extra)
    const [listed] = await ann.calls.list({ include })
    expect(listed?.context).toMatchObject({ title: 'Study' })
    expect(listed?.context['extra']).toEqual(extra)
    const { text } = await client.send(`/v2/connections/${token}?include=${include.join(',')}`)
    expect((JSON.parse(text) as { context: object }).context).toEqual(
      JSON.parse(JSON.stringify((await module.nobody.read(token, { include })).context)),
    )
  })

  test('is hidden from a reader without access to the whole', async () => {
    const { context } = await module.nobody.read(token, { include: ['context.secret.a', 'context.extra.a'] })
    expect(context).not.toHaveProperty('secret')
    expect((await ann.calls.list({ include: ['context.secret.a'] }))[0]?.context['secret']).toEqual({ a: 5 })
  })
})
