import fc from 'fast-check'
import { titleOf } from '../../src/sharing/access.js'
import { type ObjectDefinition, ObjectTypes } from '../../src/sharing/object-types.js'

function told(value: unknown, { level = 4, roles = [] as string[], isTitled = true } = {}) {
  const types = new ObjectTypes()
  const properties: ObjectDefinition['properties'] = { name: { access: 4, roles: ['editor'] } }
  const definition = { name: 'thing', plural: 'things', load: () => Promise.resolve([]), properties }
  types.define({ ...definition, ...(isTitled && { title: 'name' }) })
  const type = types.find('thing')
  return type && titleOf(type, { _id: 'x', name: value }, { level, roles: new Set(roles) })
}

test.each([
  ['as it is', 'Größe & <b>', {}, 'Größe & <b>'],
  ['to a reader by role', 'Plan', { level: 0, roles: ['editor'] }, 'Plan'],
  ['on one line, without characters that cannot be stored', ' A\u0000\r\n B\uD83D ', {}, 'A B\uFFFD'],
  ['up to 200 characters', 'x'.repeat(1000), {}, 'x'.repeat(200)],
  ['never to a caller without access', 'Plan', { level: 2, roles: ['reviewer'] }, undefined],
  ['never if it is empty', ' \n\u0000', {}, undefined],
  ['never if it is not a text', { first: 'Ann' }, {}, undefined],
])('a title is shown %s', (_how, value, having, expected) => {
  expect(told(value, having)).toBe(expected)
})

test('an object of a type without a title has no title', () => {
  expect(told('Plan', { isTitled: false })).toBeUndefined()
})

test('every title is one short line that the database can store', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 500 }), fc.anything()), (value) => {
      const title = told(value)
      if (title === undefined) return
      expect(title).toMatch(/^\S(?:.*\S)?$/u)
      expect(title).not.toMatch(/[\p{Cc}\p{Cs}]/u)
      expect(title.length).toBeLessThanOrEqual(200)
    }),
  )
})
