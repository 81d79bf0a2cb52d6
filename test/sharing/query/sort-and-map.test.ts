import { sql } from 'kysely'
import { applyMap, parseMap } from '../../../src/sharing/query/map.js'
import { parseSort } from '../../../src/sharing/query/properties.js'
import { orderOf } from '../../../src/sharing/query/statements.js'
import { freshDatabase, type TestDatabase } from '../../support/database.js'
import { addRows, failure } from './rows.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
  await addRows(database.db)
})
afterAll(() => database.close())

test.each<[unknown, number[]]>([
  [undefined, [1, 2, 3, 4, 5, 6, 7, 8]],
  [null, [1, 2, 3, 4, 5, 6, 7, 8]],
  [{}, [1, 2, 3, 4, 5, 6, 7, 8]],
  [{ _id: -1 }, [8, 7, 6, 5, 4, 3, 2, 1]],
  ['access', [7, 8, 1, 4, 5, 2, 3, 6]],
  [{ access: -1 }, [6, 2, 3, 1, 4, 5, 8, 7]],
  ['state', [2, 3, 4, 7, 1, 5, 6, 8]],
  [{ state: -1, access: 1, _id: -1 }, [8, 5, 1, 6, 7, 4, 3, 2]],
  ['created', [1, 2, 3, 4, 7, 8, 5, 6]],
  [{ updated: -1 }, [6, 3, 1, 2, 4, 5, 7, 8]],
  ['expiresAt', [1, 4, 6, 7, 8, 3, 2, 5]],
  [{ expiresAt: -1 }, [2, 5, 3, 1, 4, 6, 7, 8]],
])('sorts by %j', async (sort, expected) => {
  const { rows } = await sql<{ id: string }>`
    select c.id from connection c order by ${orderOf(parseSort(sort))}`.execute(database.db)
  expect(rows.map(({ id }) => parseInt(id.slice(-12), 16))).toEqual(expected)
})

test.each<[unknown, string]>([
  [1, 'sort'],
  [['access'], 'sort'],
  ['-access', '-access'],
  ['usesRemaining', 'usesRemaining'],
  ['target.email', 'target.email'],
  ['__proto__', '__proto__'],
  [{ access: 0 }, 'access'],
  [{ access: '1' }, 'access'],
  [{ access: undefined }, 'access'],
  [{ _id: 1, created: 1, access: 1, state: 1 }, 'sort'],
])('refuses to sort by %j', (sort, path) => {
  expect(failure(() => parseSort(sort))).toBe(`invalidArgument.query ${path}`)
})

const created = new Date()
const shown = {
  _id: 'x',
  created,
  access: 4,
  context: { _id: 'y', object: 'site' },
  target: { email: 'bo@example.com', name: { first: 'Bo', last: null } },
  roles: ['a', 'b'],
}

test.each<[unknown, unknown]>([
  [undefined, shown],
  [null, shown],
  [
    { access: 1, created: 1 },
    { access: 4, created },
  ],
  [{ 'target.email': 1, 'target.name.first': 1 }, { target: { email: 'bo@example.com', name: { first: 'Bo' } } }],
  [
    { level: '$access', who: '$target.name' },
    { level: 4, who: { first: 'Bo', last: null } },
  ],
  [{ 'a.b': '$context._id', 'a.c': '$access' }, { a: { b: 'y', c: 4 } }],
  [{ last: '$target.name.last' }, { last: null }],
  [{ token: 1, x: '$target.account', 'created.getTime': 1, 'roles.length': 1, 'roles.0': 1, 'access.toFixed': 1 }, {}],
  [{ constructor: 1, toString: 1, x: '$__proto__', y: '$context.constructor.name' }, {}],
])('maps by %j', (map, expected) => {
  expect(applyMap(parseMap(map), shown)).toEqual(expected)
})

test('names of prototypes are ordinary names', () => {
  const map = JSON.parse('{"__proto__": "$access", "a.__proto__.polluted": "$access"}') as unknown
  const made = applyMap(parseMap(map), shown)
  expect(JSON.stringify(made)).toBe('{"__proto__":4,"a":{"__proto__":{"polluted":4}}}')
  expect(Object.getPrototypeOf(made)).toBe(Object.prototype)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('mapping does not change its input', () => {
  const before = structuredClone(shown)
  applyMap(parseMap({ 'context._id': 1, 'context.name': '$access' }), shown)
  expect(shown).toEqual(before)
})

test.each<[unknown, string]>([
  ['access', 'map'],
  [[], 'map'],
  [{}, 'map'],
  [Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`n${n}`, 1])), 'map'],
  [{ access: 0 }, 'access'],
  [{ access: true }, 'access'],
  [{ access: undefined }, 'access'],
  [{ access: 'created' }, 'access'],
  [{ x: { $add: [1, 2] } }, 'x'],
  [{ x: '$' }, 'x'],
  [{ x: '$$ROOT' }, 'x'],
  [{ x: '$a..b' }, 'x'],
  [{ $x: 1 }, '$x'],
  [{ '': 1 }, ''],
  [{ 'a.': 1 }, 'a.'],
  [{ 'a.b': 1, a: 1 }, 'a.b'],
])('refuses to map by %j', (map, path) => {
  expect(failure(() => parseMap(map))).toBe(`invalidArgument.query ${path}`)
})
