import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { type Connections, Fault } from '../../src/index.js'
import { appIn, createModuleContext, type ModuleApp } from '../../src/sharing/app.js'
import { lockContext } from '../../src/sharing/grant-store.js'
import { keysOf } from '../../src/sharing/grant.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { made, openModule } from '../support/module.js'

/** A program gets a result or a `Fault`, under any load and in any state of the database. */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
})
afterAll(() => database.close())

/** The module, with its own limit for waiting calls. */
async function patient(longestWaitMs: number): Promise<ModuleApp> {
  const world = await createModuleContext(database.db, {
    tokenKeys: keysOf([randomBytes(32)]),
    appKey: 'connections',
    baseUrl: null,
    longestWaitMs,
  })
  return appIn({ ...world, types: module.world.types })
}

test('2,000 concurrent links to one object are all made', async () => {
  const { id } = await module.person('maker')
  const document = module.addDocument(id)
  const calls = (await patient(3_600_000)).connectionsFor({ accountId: id })
  const links = await Promise.all(Array.from({ length: 2000 }, () => calls.linkTo('documents', document, 'read')))
  expect(new Set(links.map(({ token }) => token)).size).toBe(2000)
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from connection where context_key = ${document}`.execute(database.db)
  expect(rows).toEqual([{ count: 2000 }])
}, 600_000)

test('twenty calls run, 5,000 wait, and the others get a fault with a retry', async () => {
  let free = () => {}
  const isFree = new Promise<void>((resolve) => (free = resolve))
  module.defineObject({
    name: 'slow',
    plural: 'slows',
    load: async () => {
      await isFree
      return []
    },
    properties: {},
  })
  const { id } = await module.person('waiter')
  const calls = (await patient(1)).connectionsFor({ accountId: id })
  const outcomes = Array.from({ length: 5022 }, () =>
    calls.linkTo('slows', 'x').then(String, (error: unknown) => `${asTold(error)} ${(error as Fault).reason ?? ''}`),
  )
  const refused = await Promise.all(outcomes.slice(20))
  const why = (reason: string) => refused.filter((each) => each.startsWith(busy) && each.includes(reason)).length
  expect([why('no call has ended for 1 ms'), why('5000 calls are waiting')]).toEqual([5000, 2])
  free()
  await Promise.all(outcomes)
})

const busy = '503 cortex.error.unspecified'
const asTold = (error: unknown) =>
  error instanceof Fault ? `${error.status} ${error.errCode}` : `raw ${String(error)}`

/** Every entry point of the module. */
const ways: [string, (calls: Connections, app: ModuleApp, document: string) => Promise<unknown>][] = [
  ['apply', (calls) => calls.apply('A'.repeat(32))],
  ['create', (calls, _app, document) => calls.create('documents', document, { email: 'who@example.com' })],
  ['linkTo', (calls, _app, document) => calls.linkTo('documents', document)],
  ['list', (calls) => calls.list()],
  ['a grouping', (calls) => calls.list({ group: { _id: null } })],
  ['read by token', (calls) => calls.read('A'.repeat(32))],
  ['read by id', (calls) => calls.read('0190cafe-0000-7000-8000-000000000001')],
  ['delete', (calls) => calls.delete('0190cafe-0000-7000-8000-000000000001')],
  ['getToken', (calls) => calls.getToken('0190cafe-0000-7000-8000-000000000001')],
  ['runAs', (_calls, app) => app.runAs('ann', {}, () => Promise.resolve())],
  ['removeContext', (_calls, app, document) => app.removeContext('documents', document)],
  ['defineRole', (_calls, app) => app.defineRole('new')],
  ['defineApp', (_calls, app) => app.defineApp('new')],
]

describe('a closed database', () => {
  let closed: TestDatabase
  let other: Awaited<ReturnType<typeof openModule>>
  beforeAll(async () => {
    closed = await freshDatabase()
    other = await openModule(closed)
    await closed.close()
  })

  test.each(ways)('gives a fault with its cause: %s', async (_name, call) => {
    const calls = other.connectionsFor({ accountId: '0190cafe-0000-7000-8000-000000000009' })
    const error: unknown = await call(calls, other, 'document').catch((thrown: unknown) => thrown)
    expect(asTold(error)).toMatch(/^50[03] cortex\.error\.unspecified$/)
    expect((error as Fault).cause).toBeInstanceOf(Error)
    expect(JSON.parse(JSON.stringify(error))).not.toHaveProperty('cause')
  })
})

describe('a failing application', () => {
  test.each([
    ['broken', new Error('broken'), '500 cortex.error.unspecified'],
    ['away', Object.assign(new Error('away'), { code: 'ECONNREFUSED' }), busy],
    ['clash', Object.assign(new Error('clash'), { code: '40001' }), busy],
    ['own', new Fault('accessDenied.unspecified'), '403 cortex.accessDenied.unspecified'],
  ])('gets a fault with its own error as cause, or its own fault: %s', async (name, failure, told) => {
    const failing = await openModule(database, { load: () => Promise.reject(failure) })
    const { id } = await failing.person(`of ${name}`)
    const error: unknown = await failing
      .connectionsFor({ accountId: id })
      .linkTo('documents', 'x')
      .catch((thrown: unknown) => thrown)
    expect(asTold(error)).toBe(told)
    expect(error instanceof Fault && (error.cause ?? error)).toBe(failure)
  })
})

if (serverUrl === undefined) {
  test('the tests of a full pool are omitted without a server in DATABASE_URL', () => {
    expect(process.env['DATABASE_URL'] ?? '').toBe('')
  })
} else {
  test('a full pool gives a fault after a wait', async () => {
    const { id } = await module.person('of the pool')
    const document = module.addDocument(id)
    const [brief, long] = [await patient(1), await patient(3_600_000)]
    const holders = await takeAll()
    const waits = long.connectionsFor({ accountId: id }).linkTo('documents', document)
    const outcomes = ways.map(async ([name, call]) => [
      name,
      await call(brief.connectionsFor({ accountId: id }), brief, document).then(String, asTold),
    ])
    expect(await Promise.all(outcomes)).toEqual(ways.map(([name]) => [name, busy]))
    await holders.free()
    expect((await waits).object).toBe('connection')
  })

  test('a context locked by another transaction gives a fault after four tries', async () => {
    const { id, calls } = await module.person('blocked')
    const document = module.addDocument(id)
    await database.db.transaction().execute(async (transaction) => {
      await lockContext(transaction, { object: 'document', contextId: document }, [])
      expect(await calls.linkTo('documents', document).then(String, asTold)).toBe(busy)
    })
    expect((await calls.linkTo('documents', document)).object).toBe('connection')
    expect(made(await calls.create('documents', document, { email: 'who@example.com' })).state).toBe(0)
  })
}

/** Takes every connection of the pool. */
async function takeAll(): Promise<{ free(): Promise<unknown> }> {
  let free = () => {}
  const isFree = new Promise<void>((resolve) => (free = resolve))
  const taken: Promise<void>[] = []
  const holders = Array.from({ length: 10 }, () => {
    let begin = () => {}
    taken.push(new Promise((resolve) => (begin = resolve)))
    return database.db.connection().execute(() => {
      begin()
      return isFree
    })
  })
  await Promise.all(taken)
  return {
    free: () => {
      free()
      return Promise.all(holders)
    },
  }
}
