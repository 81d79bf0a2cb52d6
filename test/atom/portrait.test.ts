import fc from 'fast-check'
import { backgrounds, portrait } from '../../src/atom/portrait.js'
import { isXmlText } from '../../src/atom/template.js'
import { initialsOf } from '../../src/people/names.js'
import { child, parse } from '../support/xml.js'

const key = '01900000-0000-7000-8000-00000000000'

test.each([
  ['Ann Lee', 'AL'],
  ['Ann Zoë Lindström-O’Neill', 'AL'],
  ['zoë', 'Z'],
  ['Éa e\u0301a', 'ÉE\u0301'],
  ['陈晓明', '陈'],
  ['山田 はるか', '山は'],
  ['जया शर्मा', 'जश'],
  ['Kit 🦊 𝒦nox', 'K𝒦'],
  ['Ivo "Bär" O\'Brien “de Wit” ‘jr’', 'IJ'],
  ['(Ann) - 7th', 'A7'],
  ['👩‍👩‍👧‍👦 & co', 'C'],
  ['👩‍👩‍👧‍👦 🦊', '👩‍👩‍👧‍👦'],
  ['--', '-'],
  ['', '?'],
  [' \u3000 ', '?'],
])('the initials of %j are %j', (name, initials) => {
  expect(initialsOf(name)).toBe(initials)
})

test('initials are at most two graphemes, even with many combining marks', () => {
  const graphemes = new Intl.Segmenter()
  expect(initialsOf(`a${'\u0301'.repeat(200)}`).length).toBeLessThanOrEqual(17)
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const initials = initialsOf(name)
      expect(initials).not.toBe('')
      // An upper-case letter may become two, such as that of ß.
      expect([...graphemes.segment(initials)].length).toBeLessThanOrEqual(4)
    }),
  )
})

test('the portrait of any name is a well-formed SVG with the name as its title', () => {
  const names = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('\ud83d', '\0', '<', '&', '"', ']', '>', '\uffff', 'a', ' ') }),
  )
  fc.assert(
    fc.property(names, fc.nat(15), (name, digit) => {
      const svg = parse(portrait({ key: key + digit.toString(16), name }))

      expect([svg.uri, svg.name, svg.attributes['role']]).toEqual(['http://www.w3.org/2000/svg', 'svg', 'img'])
      if (isXmlText(name)) {
        expect(svg.attributes['aria-label']).toBe(name)
        expect(child(svg, 'title').text).toBe(name)
        expect(child(svg, 'text').text).toBe(initialsOf(name))
      }
    }),
  )
})

test('the colour follows from the key, and differs between people', () => {
  const groundOf = (name: string, digit: string) =>
    child(parse(portrait({ key: key + digit, name })), 'rect').attributes
  expect(groundOf('Ann', '1')).toEqual(groundOf('Bo', '1'))
  const fills = Array.from('0123456789ab', (digit) => groundOf('Ann', digit)['fill'])
  expect(new Set(fills).size).toBe(backgrounds.length)
})

test.each([...backgrounds])('white text is readable on %s', (ground) => {
  const light = [1, 3, 5].map((at) => {
    const part = Number.parseInt(ground.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  const luminance = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]
  expect(1.05 / (luminance + 0.05)).toBeGreaterThanOrEqual(4.5)
})
