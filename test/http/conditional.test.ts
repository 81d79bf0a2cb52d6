import fc from 'fast-check'
import { encodedTag, entityTag, isFresh, lastModified, parseHttpDate } from '../../src/http/response/validators.js'

const now = new Date('2026-06-01T12:00:00.500Z')
const changed = new Date('2026-06-01T10:00:00.250Z')
const tag = entityTag(['a', 1])

const fresh = (tags?: string, date?: string) =>
  isFresh({ 'if-none-match': tags, 'if-modified-since': date }, { tag, changed }, now)

test.each([
  ['the tag', tag, true],
  ['the tag made weak by a proxy', `W/${tag}`, true],
  ['*', '*', true],
  ['a list that holds it', `"x", W/${tag} , "y"`, true],
  ['a list whose tags hold commas and W/', `"a,b", "W/", ${tag}`, true],
  ['another tag', '"x"', false],
  ['a tag that only looks like it inside another', `"x${tag.slice(1)}`, false],
  ['the tag without quotes', tag.slice(1, -1), false],
  ['junk', '"', false],
  ['an empty value', '', false],
])('If-None-Match with %s', (_name, tags, expected) => {
  expect(fresh(tags)).toBe(expected)
})

test.each([
  ['RFC 1123, the second after the change', 'Mon, 01 Jun 2026 10:00:01 GMT', true],
  ['RFC 850', 'Monday, 01-Jun-26 10:00:01 GMT', true],
  ['asctime', 'Mon Jun  1 10:00:01 2026', true],
  ['the second of the change', 'Mon, 01 Jun 2026 10:00:00 GMT', false],
  ['a text instead of a date', 'yesterday', false],
  ['a date that does not exist', 'Mon, 31 Feb 2027 10:00:01 GMT', false],
  ['another zone', 'Mon, 01 Jun 2026 12:00:01 CET', false],
])('If-Modified-Since with %s', (_name, date, expected) => {
  expect(fresh(undefined, date)).toBe(expected)
})

test('If-None-Match overrides If-Modified-Since', () => {
  expect(fresh('"x"', 'Mon, 01 Jun 2026 10:00:01 GMT')).toBe(false)
})

test('a year of two digits is at most fifty years ahead', () => {
  expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', now)?.getUTCFullYear()).toBe(1994)
  expect(parseHttpDate('Sunday, 06-Nov-76 08:49:37 GMT', now)?.getUTCFullYear()).toBe(2076)
})

test('Last-Modified is rounded up, and absent while it is in the future', () => {
  expect(lastModified(changed, now)).toBe('Mon, 01 Jun 2026 10:00:01 GMT')
  expect(lastModified(new Date('2026-06-01T12:00:00.001Z'), now)).toBeUndefined()
})

test('polling with Last-Modified finds every later change', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 5000 }), (gap, wait) => {
      const asked = new Date(changed.getTime() + wait)
      const date = lastModified(changed, asked)
      const later = new Date(Math.max(changed.getTime() + gap, asked.getTime() + 1))
      if (date === undefined) return
      expect(isFresh({ 'if-modified-since': date }, { tag, changed }, asked)).toBe(true)
      expect(isFresh({ 'if-modified-since': date }, { tag, changed: later }, later)).toBe(false)
    }),
  )
})

test('each encoding of an answer has its own ETag', () => {
  expect(
    new Set((['identity', 'gzip', 'br'] as const).map((encoding) => encodedTag(entityTag(['a']), encoding))).size,
  ).toBe(3)
})

test('an ETag does not reveal administrators', () => {
  expect(entityTag([{ name: 'Ann', roles: ['admin'] }])).toBe(entityTag([{ name: 'Ann', roles: [] }]))
  expect(entityTag([{ name: 'Ann', roles: [] }])).not.toBe(entityTag([{ name: 'Bo', roles: [] }]))
})
