import fc from 'fast-check'
import { sql } from 'kysely'
import { type Group, parseGroup, parseGroupSort } from '../../../src/sharing/query/group.js'
import { groupQuery, toGroup } from '../../../src/sharing/query/statements.js'
import { freshDatabase, type TestDatabase } from '../../support/database.js'
import { addRows, ann, bo, chen, day, failure, id } from './rows.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
  await addRows(database.db)
})
afterAll(() => database.close())

const connections = sql`connection c`

const query = (input: unknown, sort: unknown, from = connections, skip = 0, limit = 100) => {
  const group = parseGroup(input) as Group
  return { group, statement: groupQuery(group, parseGroupSort(sort, group), { from, skip, limit }) }
}

async function grouped(...asked: Parameters<typeof query>) {
  const { group, statement } = query(...asked)
  const { rows } = await statement.execute(database.db)
  return rows.map((row) => toGroup(group, row))
}

test.each<[string, unknown, unknown, unknown[]]>([
  ['all in one', { _id: null, out: { n: { $count: 1 } } }, undefined, [{ n: 8 }]],
  ['without outputs', { _id: null }, undefined, [{}]],
  ['by a property', { _id: 'state' }, undefined, [{ _id: 0 }, { _id: 1 }]],
  ['by a property behind a $', { _id: '$context.object' }, undefined, [{ _id: 'document' }, { _id: 'site' }]],
  [
    'by several',
    { _id: { s: '$state', what: '$context.object' }, out: { n: { $count: 1 }, uses: { $count: '$usesRemaining' } } },
    undefined,
    [
      { _id: { s: 0, what: 'document' }, n: 4, uses: 0 },
      { _id: { s: 1, what: 'document' }, n: 2, uses: 0 },
      { _id: { s: 1, what: 'site' }, n: 2, uses: 2 },
    ],
  ],
  [
    'with numbers',
    {
      _id: '$creator._id',
      out: { sum: { $sum: '$access' }, avg: { $avg: '$access' }, min: { $min: '$access' }, max: { $max: '$access' } },
    },
    undefined,
    [
      { _id: ann, sum: 14, avg: 2.8, min: 2, max: 4 },
      { _id: bo, sum: 7, avg: 7, min: 7, max: 7 },
      { _id: chen, sum: 1, avg: 0.5, min: 0, max: 1 },
    ],
  ],
  [
    'with dates and ids',
    { _id: 'created', out: { until: { $max: '$expiresAt' }, of: { $addToSet: '$context._id' } } },
    { _id: -1 },
    [
      { _id: day(2), until: day(20), of: [id(0xd0), id(0xd2)] },
      { _id: day(1), until: day(20), of: [id(0xd0), id(0xd1), id(0xd2)] },
    ],
  ],
  [
    'with an absent value',
    { _id: '$creator._id', out: { until: { $min: '$expiresAt' } } },
    'until',
    [
      { _id: bo, until: null },
      { _id: chen, until: null },
      { _id: ann, until: day(10) },
    ],
  ],
  [
    'sorted by an output',
    { _id: 'access', out: { n: { $count: 1 } } },
    { n: -1, _id: -1 },
    [
      { _id: 2, n: 3 },
      { _id: 4, n: 2 },
      { _id: 7, n: 1 },
      { _id: 1, n: 1 },
      { _id: 0, n: 1 },
    ],
  ],
  [
    'sorted by one of its names',
    { _id: { what: '$context.object', s: '$state' } },
    { '_id.s': -1 },
    [{ _id: { what: 'document', s: 1 } }, { _id: { what: 'site', s: 1 } }, { _id: { what: 'document', s: 0 } }],
  ],
])('groups %s', async (_name, group, sort, expected) => {
  expect(await grouped(group, sort)).toEqual(expected)
})

test('groups only the given rows, and reads a part of the groups', async () => {
  const from = sql`(select * from connection c where c.creator_id = ${ann}) as c`
  const input = { _id: 'access', out: { n: { $count: 1 } } }
  expect(await grouped(input, { n: 1 }, from)).toEqual([
    { _id: 4, n: 2 },
    { _id: 2, n: 3 },
  ])
  expect(await grouped(input, { n: 1 }, from, 1, 1)).toEqual([{ _id: 2, n: 3 }])
})

test('a set has at most a thousand values', async () => {
  const input = { _id: 'creator', out: { ids: { $addToSet: '$_id' }, n: { $count: 1 } } }
  const of = (count: number) => sql`(
    select c.*, gen_random_uuid() as each from connection c, generate_series(1, ${count}::integer) where creator_id = ${bo}
  ) as r, lateral (select (r.each) as id, r.creator_id, r.context_id) as c`
  const [group] = (await grouped(input, undefined, of(1000))) as { ids: string[]; n: number }[]
  expect([group?.ids.length, group?.n]).toEqual([1000, 1000])
  const call = grouped(input, undefined, of(1001))
  await expect(call).rejects.toMatchObject({ code: 'invalidArgument.query', details: { path: 'out.ids.$addToSet' } })
})

test('gives no groups for no rows', async () => {
  const none = sql`(select * from connection where false) as c`
  expect(await grouped({ _id: null, out: { n: { $count: 1 } } }, undefined, none)).toEqual([])
  expect(await grouped({ _id: 'state' }, undefined, none)).toEqual([])
})

test('keeps names of the caller out of the statement', async () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
    .map((text) => `§${text.replaceAll(/[.\0]/g, '')}"'`)
  await fc.assert(
    fc.asyncProperty(name, fc.oneof(name, fc.constant('__proto__')), async (key, out) => {
      const group = { _id: Object.fromEntries([[key, 'state']]), out: Object.fromEntries([[out, { $count: 1 }]]) }
      const asked = [group, { [`_id.${key}`]: -1 }] as const
      const text = query(...asked).statement.compile(database.db).sql
      expect([key, out].filter((each) => text.includes(each))).toEqual([])
      const made = await grouped(...asked)
      expect(made.map((each) => Object.entries(each))).toEqual([
        [
          ['_id', { [key]: 1 }],
          [out, 4],
        ],
        [
          ['_id', { [key]: 0 }],
          [out, 4],
        ],
      ])
    }),
    { numRuns: 50 },
  )
})

const outs = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, index) => [`n${index}`, { $count: 1 }]))

test.each<[unknown, string]>([
  ['state', 'group'],
  [{}, '_id'],
  [{ _id: undefined }, '_id'],
  [{ _id: null, n: { $count: 1 } }, 'n'],
  [{ _id: 'target.email' }, '_id'],
  [{ _id: 'updated' }, '_id'],
  [{ _id: '__proto__' }, '_id'],
  [{ _id: 1 }, '_id'],
  [{ _id: ['state'] }, '_id'],
  [{ _id: {} }, '_id'],
  [{ _id: { x: '$token' } }, '_id.x'],
  [{ _id: { x: { $year: '$created' } } }, '_id.x'],
  [{ _id: { 'x.y': '$state' } }, '_id.x.y'],
  [{ _id: { $x: '$state' } }, '_id.$x'],
  [{ _id: null, out: [] }, 'out'],
  [{ _id: null, out: outs(9) }, 'out'],
  [{ _id: null, out: { n: 1 } }, 'out.n'],
  [{ _id: null, out: { n: {} } }, 'out.n'],
  [{ _id: null, out: { n: { $push: '$access' } } }, 'out.n'],
  [{ _id: null, out: { n: { $count: 1, $sum: '$access' } } }, 'out.n'],
  [{ _id: null, out: { _id: { $count: 1 } } }, 'out._id'],
  [{ _id: null, out: { '': { $count: 1 } } }, 'out.'],
  [{ _id: null, out: { n: { $count: 2 } } }, 'out.n.$count'],
  [{ _id: null, out: { n: { $count: 'access' } } }, 'out.n.$count'],
  [{ _id: null, out: { n: { $count: '$target.email' } } }, 'out.n.$count'],
  [{ _id: null, out: { n: { $addToSet: '$target.account' } } }, 'out.n.$addToSet'],
  [{ _id: null, out: { n: { $addToSet: '$access' } } }, 'out.n.$addToSet'],
  [{ _id: null, out: { n: { $sum: '$created' } } }, 'out.n.$sum'],
  [{ _id: null, out: { n: { $sum: 1 } } }, 'out.n.$sum'],
  [{ _id: null, out: { n: { $max: '$context.object' } } }, 'out.n.$max'],
])('refuses to group by %j', (group, path) => {
  expect(failure(() => parseGroup(group))).toBe(`invalidArgument.query ${path}`)
})

test.each<[unknown, string]>([
  ['access', 'access'],
  ['_id.state', '_id.state'],
  [{ n: 2 }, 'n'],
  [{ n: 1, _id: 1, '_id.s': 1, m: 1 }, 'sort'],
])('refuses to sort groups by %j', (sort, path) => {
  const group = parseGroup({ _id: { s: 'state' }, out: { n: { $count: 1 } } }) as Group
  expect(failure(() => parseGroupSort(sort, group))).toBe(`invalidArgument.query ${path}`)
})

test('takes a missing group as undefined', () => {
  expect([undefined, null].map(parseGroup)).toEqual([undefined, undefined])
})
