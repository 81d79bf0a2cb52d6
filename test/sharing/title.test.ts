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
  ['to whoever has a role that may read it', 'Plan', { level: 0, roles: ['editor'] }, 'Plan'],
  ['on one line, without what cannot be kept', ' A\u0000\r\n B\uD83D ', {}, 'A B\uFFFD'],
  ['cut where it is too long', 'x'.repeat(1000), {}, 'x'.repeat(200)],
  ['not to whoever may not read it', 'Plan', { level: 2, roles: ['reviewer'] }, undefined],
  ['not where there is nothing to see', ' \n\u0000', {}, undefined],
  ['not where it is no text', { first: 'Ann' }, {}, undefined],
])('a title is told %s', (_how, value, having, expected) => {
  expect(told(value, having)).toBe(expected)
})

test('an object of a type without a title has none', () => {
  expect(told('Plan', { isTitled: false })).toBeUndefined()
})

test('whatever a title is, it is one short line that the database can keep', () => {
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
