import fc from 'fast-check'
import { sql } from 'kysely'
import { conditionOf, type Viewer } from '../../../src/sharing/query/statements.js'
import { parseWhere } from '../../../src/sharing/query/where.js'
import { freshDatabase, type TestDatabase } from '../../support/database.js'
import { addRows, ann, bo, chen, day, everybody, found, id, type Row, rows, singular } from './rows.js'

/** For any query, the database finds the same rows as a model in memory. */

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
  await addRows(database.db)
})
afterAll(() => database.close())

type Json = null | boolean | number | string | Date | Json[] | { [name: string]: Json }
type Scalar = string | number | Date | null

const strange = fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => `§${text.replaceAll('\0', '')}'"$1`)
const oneOfThese = (values: Scalar[]) => fc.constantFrom(...values)
const ids = oneOfThese([ann, bo, chen, ...[1, 2, 5, 0xd0, 0xd1, 0xd2].map(id)])
const numbers = fc.oneof(fc.integer({ min: -1, max: 8 }), fc.maxSafeInteger())
const dates = fc.oneof(
  fc.integer({ min: 1, max: 21 }).map(day),
  fc.date({ min: day(1), max: day(21), noInvalidDate: true }).map((date) => date.toISOString()),
)
const texts = (...known: string[]) => fc.oneof(oneOfThese(known), strange)
const roles = texts('editor', 'reader')

const scalars: [string, fc.Arbitrary<Scalar>, (row: Row) => Scalar, isOrdered: boolean][] = [
  ['_id', ids, (row) => id(row.n), true],
  ['state', numbers, (row) => row.state, true],
  ['access', numbers, (row) => row.access, true],
  ['usesRemaining', numbers, (row) => row.usesRemaining, true],
  ['created', dates, (row) => row.created, true],
  ['updated', dates, (row) => row.updated, true],
  ['expiresAt', dates, (row) => row.expiresAt, true],
  ['context', ids, (row) => row.context, false],
  ['context.object', texts('document', 'documents', 'site'), (row) => row.object, true],
  ['creator._id', ids, (row) => row.creator, false],
  ['target.account', ids, (row) => row.target, false],
  ['target.email', texts('bo@example.com', 'b_%@example.com', 'Dora@example.com'), (row) => row.email, true],
]

const regex = texts('b', 'BO@', 'b_', 'dora').map((text) => `^${String(text).replaceAll(/[^a-z0-9]/giu, '\\$&')}`)

const operators = (
  [name, value, , isOrdered]: (typeof scalars)[number],
  again: fc.Arbitrary<Json>,
): fc.Arbitrary<Json> => {
  const list = fc.array(fc.oneof(value, fc.constant(null)), { maxLength: 4 })
  const some: Record<string, fc.Arbitrary<Json>> = {
    $eq: fc.oneof(value, fc.constant(null)),
    $ne: fc.oneof(value, fc.constant(null)),
    $in: list,
    $nin: list,
    $exists: fc.boolean(),
    $not: again,
    ...(isOrdered && { $gt: value, $gte: value, $lt: value, $lte: value }),
    ...(name === 'target.email' && { $regex: regex }),
  }
  return fc.record(some, { requiredKeys: [] }).filter((record) => Object.keys(record).length > 0) as fc.Arbitrary<Json>
}

const onScalar = (property: (typeof scalars)[number]) => {
  const simple = operators(property, fc.constant({ $exists: true }))
  const said = fc.oneof(property[1], fc.constant(null), simple, operators(property, simple))
  return said.map((value): Json => ({ [property[0]]: value }))
}

const roleList = fc.array(roles, { maxLength: 3 })
const onRoles = fc
  .oneof(
    roles,
    fc.oneof(
      fc.record({ $eq: roles }),
      fc.record({ $ne: roles }),
      fc.record({ $in: roleList, $nin: roleList }),
      fc.record({ $all: roleList }),
      fc.record({ $size: fc.nat({ max: 3 }), $not: fc.record({ $in: roleList }) }),
    ),
  )
  .map((value): Json => ({ roles: value }))

const { where } = fc.letrec<{ where: Json; leaf: Json; list: Json[] }>((tie) => ({
  leaf: fc.oneof(...scalars.map(onScalar), onRoles),
  list: fc.array(tie('where'), { minLength: 1, maxLength: 3 }),
  where: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('leaf'),
    tie('list').map((list): Json => Object.assign({}, ...list) as Json),
    tie('list').map((of): Json => ({ $and: of })),
    tie('list').map((of): Json => ({ $or: of })),
    tie('list').map((of): Json => ({ $nor: of })),
    tie('where').map((of): Json => ({ $not: of })),
  ),
}))

const names = (json: Json): string[] =>
  json === null || typeof json !== 'object' || json instanceof Date
    ? []
    : [...(Array.isArray(json) ? [] : Object.keys(json)), ...Object.values(json).flatMap(names)]

const strings = (json: Json): string[] =>
  typeof json === 'string'
    ? [json]
    : json === null || typeof json !== 'object' || json instanceof Date
      ? []
      : Object.values<Json>(json as Record<string, Json>).flatMap(strings)

/** Negative, 0 or positive, for texts by their bytes. Undefined if either is absent. */
function order(a: Scalar, b: Scalar): number | undefined {
  if (a === null || b === null) return undefined
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return Number(a) - Number(b)
}

const asHeld = (name: string, value: Scalar): Scalar => {
  if (typeof value !== 'string') return value
  if (name === 'context.object') return singular(value) ?? value
  if (name === 'target.email') return value.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
  return ['created', 'updated', 'expiresAt'].includes(name) ? new Date(value) : value
}

const isOperators = (value: Json): value is { [name: string]: Json } =>
  value !== null && typeof value === 'object' && !(value instanceof Date)

function holdsFor(name: string, actual: Scalar, said: Json): boolean {
  if (!isOperators(said)) return holdsFor(name, actual, { $eq: said })
  const equals = (value: Json) =>
    value === null ? actual === null : order(actual, asHeld(name, value as Scalar)) === 0
  return Object.entries(said).every(([operator, operand]) => {
    if (operator === '$eq') return equals(operand)
    if (operator === '$ne') return !equals(operand)
    if (operator === '$in') return (operand as Json[]).some(equals)
    if (operator === '$nin') return !(operand as Json[]).some(equals)
    if (operator === '$exists') return (actual !== null) === operand
    if (operator === '$not') return !holdsFor(name, actual, operand)
    if (operator === '$regex') {
      const literal = asHeld(name, (operand as string).slice(1).replaceAll(/\\(.)/gsu, '$1'))
      return typeof actual === 'string' && actual.startsWith(literal as string)
    }
    const compared = order(actual, asHeld(name, operand as Scalar))
    if (compared === undefined) return false
    if (operator === '$gt') return compared > 0
    if (operator === '$gte') return compared >= 0
    return operator === '$lt' ? compared < 0 : compared <= 0
  })
}

function holdsForRoles(actual: readonly string[], said: Json): boolean {
  if (!isOperators(said)) return actual.includes(said as string)
  const has = (role: Json) => actual.includes(role as string)
  return Object.entries(said).every(([operator, operand]) => {
    if (operator === '$eq') return has(operand)
    if (operator === '$ne') return !has(operand)
    if (operator === '$in') return (operand as Json[]).some(has)
    if (operator === '$nin') return !(operand as Json[]).some(has)
    if (operator === '$all') return (operand as Json[]).every(has)
    return operator === '$not' ? !holdsForRoles(actual, operand) : actual.length === operand
  })
}

function holds(row: Row, said: Json): boolean {
  return Object.entries(said as { [name: string]: Json }).every(([name, value]) => {
    if (name === '$and') return (value as Json[]).every((each) => holds(row, each))
    if (name === '$or') return (value as Json[]).some((each) => holds(row, each))
    if (name === '$nor') return !(value as Json[]).some((each) => holds(row, each))
    if (name === '$not') return !holds(row, value)
    if (name === 'roles') return holdsForRoles(row.roles, value)
    const [, , read] = scalars.find(([each]) => each === name) as (typeof scalars)[number]
    return holdsFor(name, read(row), value)
  })
}

const viewers: Viewer[] = [
  everybody,
  { accountId: ann, email: 'dora@example.com', skipAcl: false },
  { accountId: bo, email: null, skipAcl: false },
]

const isShown = (row: Row, said: Json, viewer: Viewer) => {
  const isParty =
    row.creator === viewer.accountId ||
    row.target === viewer.accountId ||
    (row.target === null && row.email !== null && row.email === viewer.email)
  return (
    (!names(said).includes('target.account') || row.state === 1) &&
    (!names(said).includes('target.email') || viewer.skipAcl || isParty)
  )
}

test('the database finds the rows of the model, and no text of the query is in the statement', async () => {
  await fc.assert(
    fc.asyncProperty(where, fc.constantFrom(...viewers), async (said, viewer) => {
      const expected = rows.filter((row) => isShown(row, said, viewer) && holds(row, said)).map(({ n }) => n)
      expect(await found(database.db, said, viewer)).toEqual(expected)
      const text = sql`${conditionOf(parseWhere(said, singular), viewer)}`.compile(database.db).sql
      expect(strings(said).filter((each) => text.includes(each))).toEqual([])
    }),
    { numRuns: 400 },
  )
})

test('any input is accepted or refused, without another error', () => {
  const key = fc.constantFrom(
    ...scalars.map(([name]) => name),
    'roles',
    '$and',
    '$or',
    '$not',
    '$in',
    '$gt',
    '__proto__',
  )
  const value = fc.oneof(fc.anything({ withDate: true, withBigInt: true, withNullPrototype: true }), ids, numbers)
  fc.assert(
    fc.property(fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value), fc.array(value))), (said) => {
      try {
        conditionOf(parseWhere(said, singular), everybody).compile(database.db)
      } catch (error) {
        expect(error).toMatchObject({ details: { path: expect.any(String), reason: expect.any(String) } })
      }
    }),
    { numRuns: 500 },
  )
})
