import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sql } from 'kysely'
import { askedWords, nameColumns, prefixQuery } from '../../src/accounts/words.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

/** Whether the database finds a name by a search. */
async function finds(name: string, search: string): Promise<boolean> {
  const words = askedWords(search) ?? []
  const { rows } = await sql<{ found: boolean }>`
    select ${nameColumns(name).words}::text::tsvector @@ ${prefixQuery(words)}::text::tsquery as found`.execute(
    database.db,
  )
  return words.length === 0 || rows[0]?.found === true
}

test.each<[string, string, boolean]>([
  ['Ann Zoë Lindström-O’Neill', 'ann', true],
  ['Ann Zoë Lindström-O’Neill', 'zoe LIND', true],
  ['Ann Zoë Lindström-O’Neill', 'lindström-o’n', true],
  ['Ann Zoë Lindström-O’Neill', 'neill', true],
  ['Ann Zoë Lindström-O’Neill', 'a* l%', true],
  ['Ann Zoë Lindström-O’Neill', 'ström', false],
  ['Ann Zoë Lindström-O’Neill', 'ann bo', false],
  ['Greta Groß', 'GROSS', true],
  ['Greta &copy; <Groß>', 'groß', true],
  ['Greta &copy; <Groß>', '<gro', true],
  ['ΑΓΓΕΛΟΣ', 'αγγελοσ', true],
  ['Αγγελοσάκης', 'ΑΓΓΕΛΟΣ', true],
  ['각', '가', true],
  ['陈晓明', '陈晓', true],
  ['ＡＮＮ', 'ann', true],
  ['Kit 🦊 Knox', '🦊', true],
  ['-', '-', true],
  ['ann', "ann & 'bo", false],
  ['ann', 'a:*', true],
  ['ann', 'a | b', false],
  ['ann', '!ann', true],
  ['ann', '!bo', false],
  ["d'\\amico", "d'\\am", true],
])('the name %s by %s: %s', async (name, search, expected) => {
  expect(await finds(name, search)).toBe(expected)
})

test.each([
  ['', undefined],
  [' \u3000\0 ', undefined],
  ['*', []],
  [' * % ', []],
  ['* a', ['a']],
  ['a A á', ['a']],
])('%j asks for %j', (search, words) => {
  expect(askedWords(search)).toEqual(words)
})

const unicode = fc.string({ unit: fc.oneof(fc.constantFrom(...` '"&|!:*\\()<>-%ßςΣéＡ𝒦🦊`), unitOf('grapheme')) })

function unitOf(unit: 'grapheme') {
  return fc.string({ unit, minLength: 1, maxLength: 1 })
}

test('a search by any prefix of the words of any name finds it', async () => {
  const segments = new Intl.Segmenter()
  await fc.assert(
    fc.asyncProperty(unicode, fc.array(fc.nat()), async (name, cuts) => {
      const words = name.split(/\s+/).filter((word) => word !== '')
      const prefixes = words.map((word, index) => {
        const graphemes = [...segments.segment(word)].map(({ segment }) => segment)
        return graphemes.slice(0, 1 + ((cuts[index] ?? 0) % graphemes.length)).join('')
      })
      expect(await finds(name, prefixes.join(' '))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('no text, be it a name or a search, is more than the database takes', async () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('ﷺ'.repeat(512), 'a'.repeat(512), '𝒦'.repeat(256)),
  )
  await fc.assert(
    fc.asyncProperty(texts, texts, async (name, search) => {
      expect(await finds(name, name)).toBe(true)
      expect(typeof (await finds(name, search))).toBe('boolean')
    }),
    { numRuns: 200 },
  )
})
