import fc from 'fast-check'
import { instant, type Markup, millis, type Plain, plain } from '../../src/atom/markup.js'
import { template, textTemplate } from '../../src/atom/template.js'
import { atomWriter } from '../../src/atom/writer.js'
import { type Profile, textFieldNames } from '../../src/people/fields.js'
import { account, colleague } from '../support/people.js'

const writer = atomWriter('https://connections.example')

test('a value is escaped as its place requires, and empty holes leave nothing', () => {
  const fill = template<{ a: string; b: string; c: Markup; d: Plain }>((at, hole) => {
    const element = at.ele('x').att('y', hole.text('a') + hole.plain('d'))
    element.txt(hole.text('a') + hole.text('b') + hole.markup('c') + hole.text('b'))
  })
  expect(fill({ a: '"\n<', b: '', c: '<z/>' as Markup, d: plain('1') })).toBe('<x y="&quot;&#10;&lt;1">"\n&lt;<z/></x>')
  expect(fill({ a: '', b: '&', c: '' as Markup, d: plain('"') })).toBe('<x y="&quot;">&amp;&amp;</x>')
})

test('text is not markup, and markup is not an attribute', () => {
  const fill = template<{ inner: Markup }>((at, hole) => at.ele('x').txt(hole.markup('inner')))
  // @ts-expect-error -- a string is not escaped
  expect(fill({ inner: '<y>' })).toBe('<x><y></x>')
  expect(() => template<{ inner: Markup }>((at, hole) => at.ele('x').att('y', hole.markup('inner')))).toThrow(TypeError)
})

test('all holes of a field are of one kind', () => {
  const both = () => textTemplate<object, Profile>((hole) => hole.field('title') + hole.field('title', 'line'))
  expect(both).toThrow('two kinds')
})

test('times are those of Date', () => {
  const near = fc.date({ min: new Date('1960-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(fc.oneof(near, fc.date({ noInvalidDate: true })), (date) => {
      expect(instant(date)).toBe(date.toISOString())
      expect(millis(date)).toBe(String(date.getTime()))
    }),
    { numRuns: 2000 },
  )
  expect(() => instant(new Date(Number.NaN))).toThrow(RangeError)
})

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', ';', '\r', '\u2028', '<b>', '"&"'))
const profile = fc.record(Object.fromEntries(textFieldNames.map((name) => [name, text])), { requiredKeys: [] })

test.each(['hcard', 'vcard'] as const)('an absent field of an %s is like an empty one, in each order', (output) => {
  const empty = Object.fromEntries(textFieldNames.map((name) => [name, name === 'profileType' ? 'default' : '']))
  fc.assert(
    fc.property(profile, fc.constantFrom('lite', 'full'), (some, format) => {
      const written = (profile: Profile) => writer.profiles.entry(account({ profile }), { output, format })
      const before = written(some)
      expect(written({ ...empty, ...some })).toBe(before)
      expect(written(Object.fromEntries(Object.entries(some).reverse()))).toBe(before)
    }),
  )
})

test('each field of a full card has its own value', () => {
  const profile = Object.fromEntries(textFieldNames.map((name) => [name, `value of ${name}`]))
  for (const output of ['hcard', 'vcard'] as const) {
    const written = writer.profiles.entry(account({ profile }), { output, format: 'full' })
    const missing = textFieldNames.filter((name) => !written.includes(`value of ${name}`))
    const notInCard = { hcard: ['blogUrl'], vcard: ['profileTitle', 'distinguishedName'] }
    expect(missing.filter((name) => !notInCard[output].includes(name))).toEqual([])
  }
})

test('the parts of one owner are not in the entries of another', () => {
  const [ann, bo, cy] = ['ann', 'bo', 'cy'].map((userId) =>
    account({ userId, name: userId, email: `${userId}@example.com` }),
  )
  const entry = (owner = account(), peer = account()) => writer.connections.entry(colleague(owner, peer), false)
  const first = entry(ann, bo)
  expect(entry(cy, bo)).not.toContain('ann')
  expect(entry(bo, ann)).toContain('bo and ann are colleagues.')
  expect(entry(ann, bo)).toBe(first)
})
