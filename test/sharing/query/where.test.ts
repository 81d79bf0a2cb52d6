import { runInNewContext } from 'node:vm'
import { parseGroup } from '../../../src/sharing/query/group.js'
import { parseMap } from '../../../src/sharing/query/map.js'
import { parseSort } from '../../../src/sharing/query/properties.js'
import { parseWhere } from '../../../src/sharing/query/where.js'
import { freshDatabase, type TestDatabase } from '../../support/database.js'
import { addRows, ann, bo, chen, day, everybody, failure, found, id, rows, singular } from './rows.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
  await addRows(database.db)
})
afterAll(() => database.close())

const all = rows.map(({ n }) => n)
const but = (...numbers: number[]) => all.filter((n) => !numbers.includes(n))

test.each<[string, unknown, number[]]>([
  ['no query', undefined, all],
  ['null', null, all],
  ['an empty object', {}, all],
  ['an id', { _id: id(3) }, [3]],
  ['an id in capitals', { _id: id(0xa1).toUpperCase() }, []],
  ['ids from one on', { _id: { $gte: id(7) } }, [7, 8]],
  ['a state', { state: 0 }, [2, 3, 4, 7]],
  ['states above', { state: { $gt: 0 } }, [1, 5, 6, 8]],
  ['an unknown state', { state: 2 }, []],
  ['several names', { state: 0, access: 4 }, [2, 3]],
  ['several operators', { access: { $gte: 1, $lt: 4 } }, [1, 4, 5, 8]],
  ['$eq', { access: { $eq: 7 } }, [6]],
  ['$ne', { access: { $ne: 2 } }, [2, 3, 6, 7, 8]],
  ['$ne of an optional property', { usesRemaining: { $ne: 3 } }, but(5)],
  ['$lte', { access: { $lte: 1 } }, [7, 8]],
  ['a number larger than the column', { access: { $lt: Number.MAX_SAFE_INTEGER } }, all],
  ['null for an absent value', { usesRemaining: null }, but(5, 8)],
  ['$ne null', { usesRemaining: { $ne: null } }, [5, 8]],
  ['$exists', { expiresAt: { $exists: true } }, [2, 3, 5]],
  ['not $exists', { expiresAt: { $exists: false } }, but(2, 3, 5)],
  ['$in', { access: { $in: [0, 7] } }, [6, 7]],
  ['$in nothing', { access: { $in: [] } }, []],
  ['$in with null', { usesRemaining: { $in: [0, null] } }, but(5)],
  ['$nin', { access: { $nin: [2, 4] } }, [6, 7, 8]],
  ['$nin of an optional property', { usesRemaining: { $nin: [3] } }, but(5)],
  ['$nin with null', { usesRemaining: { $nin: [3, null] } }, [8]],
  ['$nin nothing', { usesRemaining: { $nin: [] } }, all],
  ['a date', { created: day(2) }, [5, 6]],
  ['a date as text', { created: { $gt: '2026-01-01T23:59:59.999Z' } }, [5, 6]],
  ['a day as text', { created: '2026-01-02' }, [5, 6]],
  ['a date in a zone', { created: '2026-01-02T01:00+01:00' }, [5, 6]],
  ['a date in milliseconds', { updated: { $gte: day(3).getTime() } }, [3, 6]],
  ['a context by its bare name', { context: id(0xd1) }, [2, 4]],
  ['a context by its id', { 'context._id': { $in: [id(0xd1), id(0xd2)] } }, [2, 4, 5, 8]],
  ['a type of context', { 'context.object': 'site' }, [5, 8]],
  ['a type in the plural', { 'context.object': { $in: ['sites'] } }, [5, 8]],
  ['an unknown type', { 'context.object': 'nothing' }, []],
  ['a creator', { creator: chen.toUpperCase() }, [7, 8]],
  ['not a creator', { 'creator._id': { $ne: ann } }, [6, 7, 8]],
  ['$and', { $and: [{ state: 0 }, { creator: ann }, {}] }, [2, 3, 4]],
  ['$or', { $or: [{ access: 7 }, { access: 0 }] }, [6, 7]],
  ['$nor', { $nor: [{ state: 1 }, { access: { $gt: 3 } }] }, [4, 7]],
  ['$nor of an optional property', { $nor: [{ usesRemaining: { $gt: 0 } }] }, but(5)],
  ['$nor everything', { $nor: [{}] }, []],
  ['$not of a property', { usesRemaining: { $not: { $gt: 0 } } }, but(5)],
  ['$not of all', { $not: { expiresAt: { $lt: day(15) } } }, but(3)],
  ['$not twice', { usesRemaining: { $not: { $not: { $gt: 0 } } } }, [5]],
  ['a role', { roles: 'reader' }, [4, 7]],
  ['not a role', { roles: { $ne: 'reader' } }, but(4, 7)],
  ['$in of roles', { roles: { $in: ['editor', 'none'] } }, [2, 4]],
  ['$nin of roles', { roles: { $nin: ['editor', 'reader'] } }, but(2, 4, 7)],
  ['$all of roles', { roles: { $all: ['reader', 'editor'] } }, [4]],
  ['$size of roles', { roles: { $size: 1 } }, [2, 7]],
  ['$not of roles', { roles: { $not: { $size: 0 } } }, [2, 4, 7]],
  ['an address in any case', { 'target.email': 'BO@example.com' }, [3]],
  ['addresses between', { 'target.email': { $gt: 'bo', $lt: 'd' } }, [3, 6]],
  ['a prefix', { 'target.email': { $regex: '^B' } }, [3, 4]],
  ['a prefix with wildcards of LIKE', { 'target.email': { $regex: '^b_%@' } }, [4]],
  ['a prefix with an escaped pattern sign', { 'target.email': { $regex: '^bo@example\\.com' } }, [3]],
  ['not a prefix', { 'target.email': { $not: { $regex: '^bo' } } }, but(3)],
  ['a text of SQL', { 'target.email': "' or true --" }, []],
])('finds by %s', async (_name, where, expected) => {
  expect(await found(database.db, where)).toEqual(expected)
})

test.each<[string, unknown, number[]]>([
  ['a target', { 'target.account': bo }, [1]],
  ['no target', { 'target.account': null }, [5]],
  ['not a target', { 'target.account._id': { $ne: bo } }, [5, 6, 8]],
  ['none of them', { $nor: [{ 'target.account': bo }, { 'target.account': chen }] }, [5, 8]],
  ['a target, or anything', { $or: [{ 'target.account': bo }, {}] }, [1, 5, 6, 8]],
])('finds only active connections by %s', async (_name, where, expected) => {
  expect(await found(database.db, where)).toEqual(expected)
})

const mine = { accountId: ann, email: 'dora@example.com', skipAcl: false }

test.each<[string, unknown, number[]]>([
  ['an address', { 'target.email': { $exists: true } }, [3, 4, 7]],
  ['not an address', { 'target.email': { $ne: 'bo@example.com' } }, [1, 2, 4, 5, 7, 8]],
  ['an address, or anything', { $or: [{ 'target.email': 'chen@example.com' }, {}] }, [1, 2, 3, 4, 5, 7, 8]],
  ['a prefix, negated twice', { $nor: [{ 'target.email': { $not: { $regex: '^chen' } } }] }, []],
])('finds only own connections by %s', async (_name, where, expected) => {
  expect(await found(database.db, where, mine)).toEqual(expected)
})

test('a caller without an account finds nothing by address, except with skipAcl', async () => {
  const where = { $or: [{ 'target.email': { $exists: true } }, {}] }
  expect(await found(database.db, where, { ...everybody, skipAcl: false })).toEqual([])
  expect(await found(database.db, where)).toEqual(all)
})

const deep = (times: number): unknown => (times === 0 ? {} : { $and: [deep(times - 1)] })
const deepNot = (times: number): unknown => (times === 0 ? { $gt: 1 } : { $not: deepNot(times - 1) })
const many = (length: number, value: unknown) => Array<unknown>(length).fill(value)
const endless: Record<string, unknown> = {}
endless['$and'] = [endless]

test.each<[string, unknown, string]>([
  ['a text', 'x', 'where'],
  ['an array', [], 'where'],
  ['a date', day(1), 'where'],
  ['a function', () => true, 'where'],
  ['a circle', endless, 'where'],
  ['a large number', { access: 1n }, 'where'],
  ['a query that is too long', { 'context.object': 'x'.repeat(16 * 1024) }, 'where'],
  ['too many conditions', { $and: many(50, { $or: many(25, { access: 1 }) }) }, 'where'],
  ['an unknown property', { title: 'x' }, 'title'],
  ['a token', { token: 'x' }, 'token'],
  ['the app', { appKey: 'x' }, 'appKey'],
  ['a name of prototypes', JSON.parse('{"__proto__": 1}'), '__proto__'],
  ['a method of prototypes', { constructor: 1 }, 'constructor'],
  ['an unset value', { creator: undefined }, 'creator'],
  ['an unset operand', { $or: [{ access: { $gt: undefined } }] }, '$or.0.access.$gt'],
  ['an unknown operator', { $xor: [{}] }, '$xor'],
  ['an unknown operator of a property', { access: { $mod: [2, 0] } }, 'access.$mod'],
  ['a document without operators', { access: {} }, 'access'],
  ['a document with a name', { access: { $gt: 1, x: 1 } }, 'access.x'],
  ['$and without an array', { $and: {} }, '$and'],
  ['$or of an empty array', { $or: [] }, '$or'],
  ['$nor of too many', { $nor: many(51, {}) }, '$nor'],
  ['$and of a text', { $and: [{}, 'x'] }, '$and.1'],
  ['a query that is too deep', deep(6), '$and.0.$and.0.$and.0.$and.0.$and.0.$and'],
  ['a property that is too deep', { access: deepNot(6) }, 'access.$not.$not.$not.$not.$not.$not'],
  [
    'a query and a property that are too deep together',
    { $nor: [{ access: deepNot(5) }] },
    '$nor.0.access.$not.$not.$not.$not.$not',
  ],
  ['$not of a value', { access: { $not: 1 } }, 'access.$not'],
  ['$not of an array', { $not: [] }, '$not'],
  ['a text instead of an id', { _id: 'x' }, '_id'],
  ['a text among ids', { creator: { $in: [ann, 'x'] } }, 'creator.$in.1'],
  ['an order of ids', { creator: { $gt: ann } }, 'creator.$gt'],
  ['a fraction', { access: { $gt: 1.5 } }, 'access.$gt'],
  ['a number as text', { state: '1' }, 'state'],
  ['a value that is true', { state: true }, 'state'],
  ['an array as a value', { access: [1] }, 'access'],
  ['an order of null', { expiresAt: { $lt: null } }, 'expiresAt.$lt'],
  ['a date without a zone', { created: '2026-01-02T01:00' }, 'created'],
  ['a day that does not exist', { created: '2026-02-30' }, 'created'],
  ['a month that does not exist', { created: '2026-13-01' }, 'created'],
  ['an invalid date', { created: new Date(NaN) }, 'created'],
  ['a date too far off', { created: 8.64e15 }, 'created'],
  ['a text with NUL', { 'context.object': 'a\0' }, 'context.object'],
  ['half a character', { 'target.email': '\ud800' }, 'target.email'],
  ['$in without an array', { access: { $in: 1 } }, 'access.$in'],
  ['$in of too many', { access: { $in: many(1001, 1) } }, 'access.$in'],
  ['$exists of a number', { access: { $exists: 1 } }, 'access.$exists'],
  ['$all of a number', { access: { $all: [1] } }, 'access.$all'],
  ['$exists of roles', { roles: { $exists: true } }, 'roles.$exists'],
  ['null for roles', { roles: null }, 'roles'],
  ['null among roles', { roles: { $in: [null] } }, 'roles.$in.0'],
  ['$size below 0', { roles: { $size: -1 } }, 'roles.$size'],
  ['$regex of a type', { 'context.object': { $regex: '^d' } }, 'context.object.$regex'],
  ['$options', { 'target.email': { $regex: '^d', $options: 'i' } }, 'target.email.$options'],
])('refuses %s', (_name, where, path) => {
  expect(failure(() => parseWhere(where, singular))).toBe(`invalidArgument.query ${path}`)
})

class Filter {
  constructor(readonly state = 0) {}
}
class Empty {}
/** Each would count as `{}`, or lose a condition, if its kind were not checked. */
const instances: [string, object][] = [
  ['an instance with fields', new Filter()],
  ['an instance without fields', new Empty()],
  ['an instance of a derived class', new (class extends Filter {})()],
  ['a Map', new Map([['state', 0]])],
  ['a Set', new Set(['state'])],
  ['a Date', new Date()],
  ['a RegExp', /state/],
  ['an array', []],
  ['a Promise', Promise.resolve({ state: 0 })],
  ['an Error', new Error('state')],
  ['a String', new String('state')],
  ['URL parameters', new URLSearchParams('state=0')],
  ['an object that inherits its names', Object.create({ state: 0 }) as object],
  ['a proxy of an instance', new Proxy(new Filter(), {})],
  ['hidden names', Object.defineProperty({}, 'state', { value: 0 })],
  ['a symbol', { [Symbol('state')]: 0 }],
]

test.each(instances)('refuses %s in place of a plain object', (_name, value) => {
  expect(failure(() => parseWhere(value, singular))).toBe('invalidArgument.query where')
  expect(failure(() => parseWhere({ $or: [{ state: 0 }, value] }, singular))).toBe('invalidArgument.query $or.1')
  expect(failure(() => parseWhere({ $not: value }, singular))).toBe('invalidArgument.query $not')
  expect(failure(() => parseWhere({ state: value }, singular))).toBe('invalidArgument.query state')
  expect(failure(() => parseSort(value))).toBe('invalidArgument.query sort')
  expect(failure(() => parseMap(value))).toBe('invalidArgument.query map')
  expect(failure(() => parseGroup(value))).toBe('invalidArgument.query group')
})

test('a plain object may come from another realm, or have no prototype', async () => {
  const others = [runInNewContext('({ state: 0 })'), Object.assign(Object.create(null) as object, { state: 0 })]
  for (const where of others as unknown[]) expect(await found(database.db, where)).toEqual([2, 3, 4, 7])
})

test.each(['bo', '^b.', '^b*', '^(b)', '^[b]', '^b|c', '^b$', '^^b', '^\\d', '^\\w', '^b\\', '^b{2}', 1, /^b/, null])(
  'refuses the pattern %s',
  (pattern) => {
    const parse = () => parseWhere({ 'target.email': { $regex: pattern } }, singular)
    expect(failure(parse)).toBe('invalidArgument.query target.email.$regex')
  },
)

test.each<[unknown, string]>([
  [{ $where: 'true' }, '$where'],
  [{ $nor: [{ $expr: {} }] }, '$nor.0.$expr'],
  [{ roles: { $elemMatch: {} } }, 'roles.$elemMatch'],
  [{ 'context._id': { $near: [1, 1] } }, 'context._id.$near'],
])('does not offer %j', (where, path) => {
  expect(failure(() => parseWhere(where, singular))).toBe(`unsupportedOperation.unspecified ${path}`)
})

test.each([deep(5), { access: deepNot(5) }, { $nor: [{ access: deepNot(4) }] }, { access: { $in: many(1000, 1) } }])(
  'accepts queries just within the limits',
  async (where) => {
    await expect(found(database.db, where)).resolves.toBeDefined()
  },
)
