import fc from 'fast-check'
import type { ListRequest } from '../../src/connections/model.js'
import { Failure } from '../../src/errors.js'
import { readConnectionsQuery, readPosition, writePosition } from '../../src/http/request/lists.js'
import { readParameters, writeParameters } from '../../src/http/request/parameters.js'

const read = (more: string) => readConnectionsQuery(`connectionType=colleague${more}`)
const refusal = (search: string) => {
  try {
    readConnectionsQuery(search)
  } catch (error) {
    return (error as Failure).message
  }
  return 'accepted'
}

test('parameters have defaults', () => {
  expect(read('')).toMatchObject({
    list: {
      person: undefined,
      status: 'accepted',
      since: undefined,
      order: { by: 'change', descending: true },
      page: 1,
      pageSize: 10,
      position: undefined,
      countPending: false,
    },
    outputType: 'connection',
    form: { output: 'hcard', format: 'full' },
    includeMessage: false,
  })
})

test.each<[string, Partial<ListRequest>]>([
  ['&userid=ann', { person: { by: 'userId', value: 'ann' } }],
  ['&email=ann%40example.com%20', { person: { by: 'email', value: 'ann@example.com' } }],
  ['&key=x&email=y', { person: { by: 'key', value: 'x' } }],
  ['&email=y&key=x&userid=z', { person: { by: 'userId', value: 'z' } }],
  ['&distinguishedName=CN%3DAnn%2CO%3DX&uid=u', { person: { by: 'login', value: 'u' } }],
  ['&uid=u&email=y', { person: { by: 'email', value: 'y' } }],
  ['&distinguishedName=%20CN%3DAnn%2C%20O%3DX', { person: { by: 'distinguishedName', value: 'CN=Ann, O=X' } }],
  ['&userid=&email=y', { person: { by: 'email', value: 'y' } }],
  ['&userid=a+b', { person: { by: 'userId', value: 'a b' } }],
  ['&userid=ann&userid=ann', { person: { by: 'userId', value: 'ann' } }],
  ['&status=pending', { status: 'pending' }],
  ['&sortBy=displayName', { order: { by: 'name', descending: false } }],
  ['&sortBy=displayName&sortOrder=desc', { order: { by: 'name', descending: true } }],
  ['&sortBy=lastMod', { order: { by: 'change', descending: false } }],
  ['&sortBy=modified&sortOrder=desc', { order: { by: 'change', descending: true } }],
  ['&sortBy=3', { order: { by: 'change', descending: false } }],
  ['&sortBy=colour', { order: { by: 'change', descending: true } }],
  ['&sortOrder=asc', { order: { by: 'change', descending: false } }],
  ['&sortBy=displayName&sortOrder=down', { order: { by: 'name', descending: false } }],
  ['&page=3&ps=250', { page: 3, pageSize: 250 }],
  ['&page=0&ps=-1', { page: 1, pageSize: 10 }],
  ['&page=x&ps=', { page: 1, pageSize: 10 }],
  ['&page=1e3&ps=2.5', { page: 1, pageSize: 10 }],
  ['&ps=251', { pageSize: 250 }],
  ['&page=99999999999999999999', { page: 999_999_999 }],
  ['&inclPendingCount=true', { countPending: true }],
  ['&since=2009-01-04T20:32:31.171Z', { since: new Date('2009-01-04T20:32:31.171Z') }],
  ['&since=2009-01-04T20:32:31.1719%2B01:00', { since: new Date('2009-01-04T19:32:31.171Z') }],
  ['&since=2016-12-31T23:59:60Z', { since: new Date('2017-01-01T00:00:00Z') }],
  ['&Status=pending&lastMod=1&inclUserStatus=maybe&lang=en&dojo.preventCache=7', { status: 'accepted' }],
])('the list of %s', (search, expected) => {
  expect(read(search).list).toMatchObject(expected)
})

test.each([
  ['&outputType=profile&output=vcard&format=lite', 'profile', { output: 'vcard', format: 'lite' }],
  ['&outputType=connection&output=vcard&format=lite', 'connection', { output: 'vcard', format: 'lite' }],
  ['&outputType=profile&output=pdf&format=tiny', 'profile', { output: 'hcard', format: 'full' }],
])('the output of %s', (search, outputType, form) => {
  expect(read(search)).toMatchObject({ outputType, form })
})

const sinceRule = /^The parameter since must be an RFC 3339 date-time from 1970 on/
test.each([
  ['', 'The parameter connectionType must be colleague; it is missing.'],
  ['connectiontype=colleague', 'The parameter connectionType must be colleague; it is missing.'],
  ['connectionType=friend', 'The parameter connectionType must be colleague.'],
  ['connectionType=colleague&connectionType=x', /^The parameter connectionType is given with different values/],
  ['connectionType=colleague&userid=a&userid=b', /^The parameter userid is given with different values/],
  ['connectionType=colleague&status=accept', /must be one of accepted, pending, unconfirmed\.$/],
  ['connectionType=colleague&outputType=profiles', /outputType must be one of connection, profile\.$/],
  ['connectionType=colleague&inclMessage=yes', /inclMessage must be one of true, false, 1, 0\.$/],
  ['connectionType=colleague&inclPendingCount=2', /inclPendingCount must be one of true, false, 1, 0\.$/],
  ['connectionType=colleague&inclPendingCount=', /inclPendingCount must be one of true, false, 1, 0\.$/],
  ['connectionType=colleague&userid=%20', 'The parameter userid is empty.'],
  ['connectionType=colleague&uid=&email=+', 'The parameter email is empty.'],
  ['connectionType=colleague&userid=%', /percent-encoding is invalid or not UTF-8/],
  ['connectionType=colleague&userid=%ff', /percent-encoding is invalid or not UTF-8/],
  [`connectionType=colleague&userid=${'a'.repeat(513)}`, 'The parameter userid is longer than 512 characters.'],
  ['a=1&'.repeat(21), 'A request may have at most 20 parameters.'],
  ['connectionType=colleague&since=', sinceRule],
  ['connectionType=colleague&since=yesterday', sinceRule],
  ['connectionType=colleague&since=2009-01-04', sinceRule],
  ['connectionType=colleague&since=2009-01-04T20:32:31', sinceRule],
  ['connectionType=colleague&since=2009-01-04T20:32:31%2B0100', sinceRule],
  ['connectionType=colleague&since=2009-01-04T20:32:31+01:00', sinceRule],
  ['connectionType=colleague&since=2009-01-04t20:32:31z', sinceRule],
  ['connectionType=colleague&since=2009-13-04T20:32:31Z', sinceRule],
  ['connectionType=colleague&since=2009-02-29T20:32:31Z', sinceRule],
  ['connectionType=colleague&since=2009-01-04T24:00:00Z', sinceRule],
  ['connectionType=colleague&since=2009-01-04T20:32:60Z', sinceRule],
  ['connectionType=colleague&since=1969-12-31T23:59:59Z', sinceRule],
  ['connectionType=colleague&since=0099-01-01T00:00:00Z', sinceRule],
])('refuses %s', (search, message) => {
  expect(refusal(search)).toMatch(message)
})

/** The text with each letter in either case. */
const inAnyCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((letter, n) => (upper[n] ? letter.toUpperCase() : letter.toLowerCase())).join(''))

test.each([
  'connectionType=colleague&status=pending',
  'connectionType=colleague&status=unconfirmed&outputType=profile&output=vcard&format=lite',
  'connectionType=colleague&outputType=connection&inclMessage=true&inclPendingCount=true',
  'connectionType=colleague&inclMessage=false&sortBy=displayName&sortOrder=desc',
  'connectionType=colleague&sortBy=lastMod&sortOrder=asc',
  'connectionType=colleague&sortBy=modified&format=full&output=hcard',
])('values ignore case: %s', (search) => {
  const { parameters, ...meant } = readConnectionsQuery(search)
  const values = fc.tuple(...parameters.map(([, value]) => inAnyCase(value)))
  fc.assert(
    fc.property(values, (written) => {
      const other = writeParameters(parameters.map(([name], n) => [name, written[n] as string]))
      expect(readConnectionsQuery(other)).toMatchObject(meant)
    }),
  )
})

test.each([
  ['1', true],
  ['0', false],
  ['TRUE', true],
  ['False', false],
])('a boolean may be %s', (text, meant) => {
  const { includeMessage, list } = read(`&inclMessage=${text}&inclPendingCount=${text}`)
  expect([includeMessage, list.countPending]).toEqual([meant, meant])
})

test('a rewritten query string reads the same', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((each) => each.isWellFormed())
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (parameters) => {
      const kept = parameters.filter(([name, value]) => name !== '' || value !== '')
      const search = writeParameters(kept)
      expect(search).toMatch(/^[\w.!~*'()%&=-]*$/)
      expect(readParameters(search)).toEqual(kept)
    }),
  )
})

const request = (order: ListRequest['order']) => ({ ...read('&userid=ann').list, order })
const anyName = fc.string({ unit: 'grapheme', maxLength: 64 })
const anyDate = fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })

test('a position survives writing and reading, and fits only its own request', () => {
  const direction = fc.constantFrom('after' as const, 'before' as const)
  fc.assert(
    fc.property(direction, fc.uuid(), anyName, anyDate, fc.boolean(), (direction, id, name, change, descending) => {
      const byName = request({ by: 'name', descending })
      const byChange = request({ by: 'change', descending })
      const named = writePosition({ direction, id, name }, byName)
      const dated = writePosition({ direction, id, change }, byChange)
      expect(readPosition(named, byName)).toEqual({ direction, id, name })
      expect(readPosition(dated, byChange)).toEqual({ direction, id, change })
      expect(readPosition(dated, byName)).toBeUndefined()
      expect(readPosition(named, { ...byName, page: 2 })).toBeUndefined()
      expect(readPosition(named, { ...byName, status: 'pending' })).toBeUndefined()
      expect(readPosition(named, { ...byName, person: undefined })).toBeUndefined()
    }),
  )
})

test('a malformed position is ignored', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((json) => Buffer.from(json).toString('base64url')),
      ),
      (text) => {
        expect(readPosition(text, request({ by: 'name', descending: false }))).toBeUndefined()
      },
    ),
  )
})
