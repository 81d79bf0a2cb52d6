import { sql } from 'kysely'
import { type Client, startClient } from '../support/client.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'
import { faultOf, made, openModule } from '../support/module.js'
import { addPerson, signInSecret } from '../support/world.js'

/** An invalid value is a fault that names it. No default replaces it. */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
let client: Client
let calls: ReturnType<typeof module.connectionsFor>
let document: string
let rows = 0
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
  client = await startClient(database.db, {}, undefined, undefined, module.world)
  const id = await addPerson(database.db, 'ann', { password: signInSecret })
  calls = module.connectionsFor({ accountId: id })
  document = module.addDocument(id)
  module.defineObject({
    name: 'folder',
    plural: 'folders',
    load: (ids) => Promise.resolve(ids.map(() => ({ _id: document }))),
    owner: () => id,
    properties: {},
  })
  rows = await stored()
})
afterAll(async () => {
  const after = await stored()
  await client.close()
  await database.close()
  // Only valid calls stored connections.
  expect(after - rows).toBe(understood)
})

let understood = 0
async function stored(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::integer as count from connection`.execute(database.db)
  return rows[0]?.count ?? 0
}

let addresses = 0
const fresh = () => ({ email: `target${++addresses}@example.com` })
const inThirdPlace = (wrong: object) => [fresh(), fresh(), fresh(), { ...fresh(), ...wrong }]

async function byHttp(targets: unknown): Promise<{ status: number; body: { [name: string]: unknown } }> {
  const answer = await client.send(`/v2/documents/${document}/connections`, {
    as: 'ann:colleagues',
    method: 'POST',
    body: JSON.stringify({ targets }),
  })
  return { status: answer.status, body: JSON.parse(answer.text) as { [name: string]: unknown } }
}

describe('a level', () => {
  test.each<[unknown, number]>([
    ['read', 4],
    ['4', 4],
    ['3', 2],
    [3, 2],
    [5.5, 5],
    [-1, 2],
    [0, 2],
    [null, 2],
    [undefined, 2],
    [100, 6],
    ['system', 6],
  ])('%p grants %i', async (access, level) => {
    expect(made(await calls.create('documents', document, { ...fresh(), access: access as never })).access).toBe(level)
    expect((await calls.linkTo('documents', document, access as never)).access).toBe(level)
    const { body } = await byHttp([{ ...fresh(), access }])
    expect(body['data']).toMatchObject([{ access: level }])
    understood += 3
  })

  test.each<[unknown]>([['READ'], ['reed'], [''], ['4.0'], ['-1'], [true], [false], [[]], [[4]], [{}]])(
    '%p is a fault',
    async (access) => {
      const wrong = inThirdPlace({ access })
      expect(await faultOf(calls.create('documents', document, wrong as never))).toBe(
        'invalidArgument.access targets[3].access',
      )
      expect(await byHttp(wrong)).toMatchObject({
        status: 400,
        body: { errCode: 'cortex.invalidArgument.access', path: 'targets[3].access' },
      })
      expect(await faultOf(calls.linkTo('documents', document, access as never))).toBe('invalidArgument.access access')
    },
  )

  test.each<[string, unknown]>([
    ['NaN', NaN],
    ['a bigint', 4n],
    ['a symbol', Symbol('read')],
    ['a String', new String('read')],
    ['a Date', new Date(4)],
  ])('%s, a value of programs only, is a fault', async (_name, access) => {
    const call = calls.create('documents', document, inThirdPlace({ access }))
    expect(await faultOf(call)).toBe('invalidArgument.access targets[3].access')
    expect(await faultOf(calls.linkTo('documents', document, access as never))).toBe('invalidArgument.access access')
    const trusted = module.connectionsFor({ accountId: null, grant: access as never })
    expect(await faultOf(trusted.list())).toBe('invalidArgument.grant grant')
  })
})

describe('the uses of a link', () => {
  const link = (usesRemaining: unknown) => calls.linkTo('documents', document, 2, { usesRemaining } as never)

  test.each([[1], ['1'], [1_000_000], ['1000000']])('%p is accepted', async (uses) => {
    expect((await link(uses)).usesRemaining).toBe(Number(uses))
    understood++
  })

  test.each([
    [0],
    ['0'],
    [-1],
    ['-1'],
    [1.5],
    ['1.5'],
    [1_000_001],
    [NaN],
    [Infinity],
    [true],
    [false],
    ['many'],
    [''],
  ])('%p is a fault', async (uses) => {
    expect(await faultOf(link(uses))).toBe('invalidArgument.usesRemaining usesRemaining')
  })
})

describe('other values of a target', () => {
  test.each<[string, object]>([
    ['auto targets[3].auto', { auto: 'true' }],
    ['auto targets[3].auto', { auto: 1 }],
    ['roles targets[3].roles[1]', { roles: ['editor', null] }],
    ['roles targets[3].roles[0]', { roles: true }],
    ['name targets[3].name', { name: 'Ann' }],
    ['name targets[3].name.first', { name: { first: 'x'.repeat(201) } }],
    ['name targets[3].name.last', { name: { last: '😀'.repeat(201) } }],
    ['name targets[3].name.last', { name: { last: true } }],
  ])('are refused with the fault %s', async (fault, wrong) => {
    const targets = inThirdPlace(wrong)
    expect(await faultOf(calls.create('documents', document, targets as never))).toBe(`invalidArgument.${fault}`)
    const [errCode, path] = `cortex.invalidArgument.${fault}`.split(' ')
    expect(await byHttp(targets)).toMatchObject({ status: 400, body: { errCode, path } })
  })

  test('a name has up to 200 characters in each part', async () => {
    const name = { first: 'x'.repeat(200), last: '😀'.repeat(200) }
    expect(made(await calls.create('documents', document, { ...fresh(), name })).target?.name).toEqual(name)
    understood++
  })
})

/** None of these has an option as its own property. A promise results from a forgotten await. */
const holdingNothing: [string, object][] = [
  ['a promise', Promise.resolve({ usesRemaining: 1 })],
  ['a Map', new Map([['usesRemaining', 1]])],
  ['a Date', new Date()],
  ['bytes', new Uint8Array(1)],
  ['a list', [{ usesRemaining: 1 }]],
]

describe.each(holdingNothing)('%s', (_name, value) => {
  const given = value as never

  test('is refused as options', async () => {
    const all = [
      calls.linkTo('documents', document, 2, given),
      calls.create('documents', document, fresh(), given),
      calls.list(given),
      calls.read(document, given),
      calls.delete(document, given),
      calls.apply('x'.repeat(32), given),
    ]
    expect(await Promise.all(all.map(faultOf))).toEqual(all.map(() => 'invalidArgument.unspecified options'))
  })

  test('is refused as a target, and as a part of one', async () => {
    const [target, name] = [[fresh(), value], inThirdPlace({ name: value })] as never[]
    expect(await faultOf(calls.create('documents', document, target as never))).toBe(
      'invalidArgument.connectionTarget targets[1]',
    )
    expect(await faultOf(calls.create('documents', document, name as never))).toBe(
      'invalidArgument.name targets[3].name',
    )
  })

  test('is refused as a number', async () => {
    for (const name of ['usesRemaining', 'expiresInMs']) {
      const fault = name === 'usesRemaining' ? name : 'unspecified'
      const call = calls.linkTo('documents', document, 2, { [name]: value })
      expect(await faultOf(call)).toBe(`invalidArgument.${fault} ${name}`)
    }
    expect(await faultOf(calls.list({ limit: given }))).toBe('invalidArgument.unspecified limit')
  })

  test('is refused as a type of object', async () => {
    expect(await faultOf(calls.linkTo(given, document))).toBe('invalidArgument.object objects')
  })
})

describe('privileges', () => {
  const as = (privileges: object) => module.connectionsFor({ accountId: null, ...privileges }).list()

  test.each([['false'], ['true'], [1], [0], [''], [{}]])('skipAcl: %p is a fault', async (skipAcl) => {
    expect(await faultOf(as({ skipAcl }))).toBe('invalidArgument.skipAcl skipAcl')
  })

  test.each<[unknown, string]>([
    ['read', 'scope'],
    ['create,read', 'scope'],
    [['read', 'all'], 'scope[1]'],
    [[null], 'scope[0]'],
    [true, 'scope'],
    [{}, 'scope'],
  ])('scope: %p is a fault at %s', async (scope, path) => {
    expect(await faultOf(as({ scope }))).toBe(`invalidArgument.unspecified ${path}`)
  })

  test('may be null', async () => {
    expect(await faultOf(as({ skipAcl: null, scope: null, grant: null }))).toBe('accessDenied.notLoggedIn')
  })
})

test.each(['paths', 'include', 'expand'])('at most a hundred %s are allowed', async (name) => {
  const named = (count: number) => ({ [name]: Array(count).fill('context') as string[] })
  expect(await faultOf(calls.list(named(100)))).toBe('none')
  expect(await faultOf(calls.list(named(101)))).toBe(`invalidArgument.${name} ${name}`)
  expect(await faultOf(calls.read(document, named(101)))).toBe(`invalidArgument.${name} ${name}`)
  const answer = await client.send(`/v2/connections?${name}=${'context,'.repeat(101)}`, { as: 'ann:colleagues' })
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([400, { path: name }])
})

describe('options', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['roles roles[1]', () => calls.linkTo('documents', document, 2, { roles: ['editor', null] } as never)],
    ['unspecified expiresInMs', () => calls.linkTo('documents', document, 2, { expiresInMs: true } as never)],
    ['unspecified expiresInMs', () => calls.linkTo('documents', document, 2, { expiresInMs: NaN })],
    ['unspecified limit', () => calls.list({ limit: NaN })],
    ['unspecified limit', () => calls.list({ limit: true } as never)],
    ['unspecified limit', () => calls.list({ limit: 'ten' } as never)],
    ['unspecified skip', () => calls.list({ skip: false } as never)],
    ['unspecified state', () => calls.list({ state: true } as never)],
    ['paths paths[1]', () => calls.list({ paths: ['state', null] } as never)],
    ['include include[0]', () => calls.read(document, { include: [null] } as never)],
    ['expand expand', () => calls.read(document, { expand: 'context' } as never)],
    ['objects objects[0]', () => calls.list({ objects: [null] } as never)],
    ['skipAcl skipAcl', () => calls.list({ skipAcl: 'true' } as never)],
    // Privileges of the caller.
    ['skipAcl skipAcl', () => module.connectionsFor({ accountId: null, skipAcl: 'false' } as never).list()],
    ['unspecified scope', () => module.connectionsFor({ accountId: null, scope: 'read' } as never).list()],
    ['unspecified scope[1]', () => module.connectionsFor({ accountId: null, scope: ['read', 'all'] } as never).list()],
    ['forceAuto forceAuto', () => calls.create('documents', document, fresh(), { forceAuto: 1 } as never)],
  ])('are refused with the fault %s', async (fault, call) => {
    expect(await faultOf(call())).toBe(`invalidArgument.${fault}`)
  })

  test('take a string of digits as a number', async () => {
    const expiresInMs = '60000' as never
    const { expiresAt, created } = await calls.linkTo('documents', document, 2, { expiresInMs })
    expect(Number(expiresAt) - Number(created)).toBe(60_000)
    understood++
    const page = await calls.list({ limit: '2', skip: '1', state: '1' } as never)
    expect(page.map(({ _id }) => _id)).toEqual(
      (await calls.list({ limit: 2, skip: 1, state: 1 })).map(({ _id }) => _id),
    )
  })
})

test('an object loaded in place of the requested one is a logged error of the server', async () => {
  const asked = '0198c0de-0000-7000-8000-000000000001'
  const answer = await client.send(`/v2/folders/${asked}/connections`, {
    as: 'ann:colleagues',
    method: 'POST',
    body: JSON.stringify({ targets: [fresh()] }),
  })
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([500, { errCode: 'cortex.error.unspecified' }])
  expect(
    client.logged().filter((line) => line.includes(`load of folder returned an object with the _id '${document}'`)),
  ).toHaveLength(1)
  const { status } = await client.send(`/v2/folders/${document}/connections`, {
    as: 'ann:colleagues',
    method: 'POST',
    body: JSON.stringify({ targets: [fresh()] }),
  })
  expect(status).toBe(200)
  understood++
})
