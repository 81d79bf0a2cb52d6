import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { install } from '@sinonjs/fake-timers'
import { sql } from 'kysely'
import { findFaults } from '../../src/connections/integrity-store.js'
import { Fault } from '../../src/faults.js'
import { freshDatabase, serverUrl, type TestDatabase } from '../support/database.js'
import { made, nameOf, openModule } from '../support/module.js'

/** Concurrent calls (docs/trust.md, C2; C3; C4; C5; C6). */

let database: TestDatabase
let module: Awaited<ReturnType<typeof openModule>>
beforeAll(async () => {
  database = await freshDatabase()
  module = await openModule(database)
})
afterAll(() => database.close())

/** The outcome of each concurrent call: `done`, or its fault. */
async function outcomesOf(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(calls)
  return settled.map((each) => {
    if (each.status === 'fulfilled') return 'done'
    if (each.reason instanceof Fault) return nameOf(each.reason)
    throw each.reason
  })
}

const count = (outcomes: readonly string[], outcome: string) => outcomes.filter((each) => each === outcome).length

let people = 0
const pair = async () => [await module.person(`one${++people}`), await module.person(`other${people}`)] as const

test.each([
  [3, 10],
  [10, 3],
])('a link with %i uses admits as many of %i concurrent readers', async (uses, readers) => {
  const [ann] = await pair()
  const { token, _id } = await ann.calls.linkTo('documents', module.addDocument(ann.id), 4, { usesRemaining: uses })
  const reads = Array.from({ length: readers }, () => module.nobody.read(token as string))
  const outcomes = await outcomesOf(reads)
  expect(count(outcomes, 'done')).toBe(Math.min(uses, readers))
  expect(count(outcomes, 'invalidArgument.connectionToken')).toBe(readers - Math.min(uses, readers))
  const used = await database.db
    .selectFrom('connection_event')
    .selectAll()
    .where('connection_id', '=', _id)
    .where('verb', '=', 'used')
    .execute()
  expect(used).toHaveLength(Math.min(uses, readers))
})

if (serverUrl === undefined) {
  test('the test of two processes is omitted without a server in DATABASE_URL', () => {
    expect(process.env['DATABASE_URL'] ?? '').toBe('')
  })
} else {
  test('readers in two processes share the uses of a link', async () => {
    const [ann] = await pair()
    const { token } = await ann.calls.linkTo('accounts', ann.id, 4, { usesRemaining: 25 })
    const read = async () => {
      const { stdout } = await promisify(execFile)('node', [
        'dist/test/support/link-readers.js',
        database.url as string,
        'x'.repeat(32),
        token as string,
        '40',
      ])
      return JSON.parse(stdout) as { read: number; why: string[] }
    }
    const [one, other] = await Promise.all([read(), read()])
    expect(one.read + other.read).toBe(25)
    expect(new Set([...one.why, ...other.why])).toEqual(new Set([new Fault('invalidArgument.connectionToken').message]))
  })
}

test('one of fifty concurrent acceptances succeeds', async () => {
  const [ann, bo] = await pair()
  const { _id } = made(await ann.calls.create('accounts', ann.id, { _id: bo.id }))
  const token = (await bo.calls.getToken(_id)) as string
  const outcomes = await outcomesOf(Array.from({ length: 50 }, () => bo.calls.apply(token)))
  expect(count(outcomes, 'done')).toBe(1)
  expect(count(outcomes, 'invalidArgument.connectionToken')).toBe(49)
  expect(await findFaults(database.db)).toEqual([])
})

test('twenty equal concurrent invitations make one', async () => {
  const [ann, bo] = await pair()
  const results = await Promise.all(
    Array.from({ length: 20 }, () => ann.calls.create('accounts', ann.id, { _id: bo.id }, { skipNotification: true })),
  )
  expect(new Set(results.map((result) => made(result)._id)).size).toBe(1)
  expect(await ann.calls.list()).toHaveLength(1)
})

test('two crossing invitations make one, and the other is a conflict', async () => {
  for (let round = 0; round < 20; round++) {
    const [ann, bo] = await pair()
    const results = await Promise.all([
      ann.calls.create('accounts', ann.id, { _id: bo.id }),
      bo.calls.create('accounts', bo.id, { _id: ann.id }),
    ])
    const outcomes = results.flat().map((each) => (each instanceof Fault ? nameOf(each) : 'made'))
    expect(outcomes.sort()).toEqual(['conflict.connectionExists', 'made'])
  }
})

test('an acceptance against a withdrawal ends in one of two orders', async () => {
  for (let round = 0; round < 30; round++) {
    const [ann, bo] = await pair()
    const { _id } = made(await ann.calls.create('accounts', ann.id, { _id: bo.id }))
    const token = (await bo.calls.getToken(_id)) as string
    const calls = [() => bo.calls.apply(token), () => ann.calls.delete(_id)]
    if (round % 2 === 1) calls.reverse()
    const started = await outcomesOf(calls.map((call) => call()))
    const [applied, deleted] = round % 2 === 1 ? started.toReversed() : started
    // The first call succeeds. An accepted connection can be deleted, but a deleted one cannot be accepted.
    expect(deleted).toBe('done')
    expect(['done', 'invalidArgument.connectionToken']).toContain(applied)
    const events = await database.db
      .selectFrom('connection_event')
      .select('verb')
      .where('connection_id', '=', _id)
      .orderBy('at')
      .orderBy('id')
      .execute()
    const legal = applied === 'done' ? ['invited', 'accepted', 'removed'] : ['invited', 'withdrawn']
    expect(events.map(({ verb }) => verb)).toEqual(legal)
    expect(await bo.calls.list()).toEqual([])
  }
  expect(await findFaults(database.db)).toEqual([])
})

const hour = 3_600_000

// The embedded database uses the clock of its process.
test.each(serverUrl === undefined ? [0] : [-hour, 0, hour])(
  'with the process clock off by %i ms, the database clock decides about expiry',
  async (off) => {
    const [ann, bo] = await pair()
    const document = module.addDocument(ann.id)
    const real = Date.now()
    const clock = install({ now: real + off, toFake: ['Date'] })
    try {
      const link = await ann.calls.linkTo('documents', document, 4, { expiresInMs: 600_000 })
      expect(Math.abs(Number(link.expiresAt) - real - 600_000)).toBeLessThan(60_000)
      const invitation = made(await ann.calls.create('documents', document, { _id: bo.id }))
      const token = (await bo.calls.getToken(invitation._id)) as string
      expect(await module.nobody.read(link.token as string)).toMatchObject({ _id: link._id })
      await endAt(link._id, invitation._id, '-1 second')
      const late = [module.nobody.read(link.token as string), bo.calls.apply(token), bo.calls.read(token)]
      expect(new Set(await outcomesOf(late))).toEqual(new Set(['invalidArgument.connectionToken']))
      expect(await ann.calls.list({ where: { context: document } })).toEqual([])
      await endAt(link._id, invitation._id, '1 minute')
      expect(await outcomesOf([module.nobody.read(link.token as string), bo.calls.apply(token)])).toEqual([
        'done',
        'done',
      ])
    } finally {
      clock.uninstall()
    }
  },
)

const endAt = (one: string, other: string, from: string) =>
  database.db
    .updateTable('connection')
    .set({ expires_at: sql<Date>`clock_timestamp() + ${from}::interval` })
    .where('id', 'in', [one, other])
    .execute()
