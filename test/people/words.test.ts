import fc from 'fast-check'
import { sql } from 'kysely'
import { Failure } from '../../src/errors.js'
import { readSearchQuery } from '../../src/http/request/profiles.js'
import { hidingEmails } from '../../src/people/hide-email.js'
import { queryFor, searchWords, type Sought } from '../../src/people/search-words.js'
import { freshDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

const asked = (search: string): readonly Sought[] => readSearchQuery(`name=${encodeURIComponent(search)}`).search.words

/** Whether a search in the database finds a name. */
async function finds(name: string, search: string): Promise<boolean> {
  const words = asked(search)
  const person = { userId: 'x', login: null, email: null, name, profile: {} }
  const { rows } = await sql<{ found: boolean }>`
    select ${searchWords(person)}::text::tsvector @@ ${queryFor(words, hidingEmails.searchKinds)}::text::tsquery as found`.execute(
    database.db,
  )
  return words.length === 0 || rows[0]?.found === true
}

/** As `finds`; undefined for a refused search. */
async function findsIfTaken(name: string, search: string): Promise<boolean | undefined> {
  try {
    return await finds(name, search)
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
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
])('the name %s is searched by %s: %s', async (name, search, expected) => {
  expect(await finds(name, search)).toBe(expected)
})

test.each([
  ['*', []],
  [' * % ', []],
  ['* a', ['a']],
  ['a A á', ['a']],
])('the search %j has the words %j', (search, words) => {
  expect(asked(search).map(({ word }) => word)).toEqual(words)
})

test.each<[string, boolean]>([
  ['*ström', true],
  ['*strom*', true],
  ['*ind', true],
  ['*Lindström', true],
  ['*neil', true],
  ['*xyz', false],
])('a leading star searches within words: %s in Lindström-O’Neill is %s', async (search, expected) => {
  expect(await finds('Ann Lindström-O’Neill', search)).toBe(expected)
})

test.each(['*nn', '*a*', 'ann *é'])('a leading star before fewer than three letters is refused: %s', (search) => {
  expect(() => asked(search)).toThrow('The parameter name must have at least 3 letters after a leading *.')
})

const unicode = fc.string({ unit: fc.oneof(fc.constantFrom(...` '"&|!:*\\()<>-%ßςΣéＡ𝒦🦊`), unitOf('grapheme')) })

function unitOf(unit: 'grapheme') {
  return fc.string({ unit, minLength: 1, maxLength: 1 })
}

test('any prefix of any word of a name finds the name', async () => {
  const segments = new Intl.Segmenter()
  await fc.assert(
    fc.asyncProperty(unicode, fc.array(fc.nat()), async (name, cuts) => {
      const words = name.split(/\s+/).filter((word) => word !== '')
      const prefixes = words.map((word, index) => {
        const graphemes = [...segments.segment(word)].map(({ segment }) => segment)
        return graphemes.slice(0, 1 + ((cuts[index] ?? 0) % graphemes.length)).join('')
      })
      const search = prefixes.join(' ')
      // A leading star is more than a prefix search.
      if (search.trim() !== '' && !/(^|\s)[*＊]/u.test(search)) expect(await findsIfTaken(name, search)).not.toBe(false)
    }),
    { numRuns: 300 },
  )
})

test('the database accepts any text as a name or a search', async () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('ﷺ'.repeat(512), 'a'.repeat(512), '𝒦'.repeat(256)),
  )
  await fc.assert(
    fc.asyncProperty(texts, texts, async (name, search) => {
      expect(await findsIfTaken(name, name.replaceAll('*', ' '))).not.toBe(false)
      expect([true, false, undefined]).toContain(await findsIfTaken(name, search))
    }),
    { numRuns: 200 },
  )
})
