import { folded, sortKey } from './account.js'

/** Longer words count by their beginning, in a text and in a search. */
const maxLetters = 64

/**
 * The words of a text by which people are searched, folded. Blanks divide words. Punctuation and signs divide a word into
 * parts, which are found too: `O’Neill` by `o` and by `neill`.
 *
 * @returns for each run between blanks its parts; a run of punctuation has none
 */
export function runsOf(text: string): { run: string; parts: string[] }[] {
  // A sigma is another letter at the end of a word, where a prefix ends too.
  const runs = folded(text).replaceAll('ς', 'σ').split(spaces).filter(isFilled)
  return runs.map((run) => ({ run, parts: run.split(/[\p{P}\p{S}]+/u).filter(isFilled) }))
}

const spaces = /[\s\p{Z}\p{Cc}]+/u
const isFilled = (text: string) => text !== ''

/** As many letters of a word as count. */
export const short = (word: string): string => Array.from(word).slice(0, maxLetters).join('')

/** The words of a text, and the parts of those words. */
const wordsOf = (text: string): string[] => [
  ...new Set(runsOf(text).flatMap(({ run, parts }) => [run, ...parts].map(short))),
]

/** What the columns `sort` and `words` of an account hold, as text for the database, for a display name. */
export const nameColumns = (name: string): { sort: string; words: string } => ({
  sort: sortKey(name),
  words: wordsOf(name).map(quoted).join(' '),
})

/** A word in the quotes of `tsvector` and `tsquery`, so that nothing in it is an operator. */
export const quoted = (word: string): string => `'${word.replaceAll(/['\\]/g, '$&$&')}'`

const graphemes = new Intl.Segmenter()

/** Of a letter with more marks than any language piles up, the rest is not shown. */
const maxGraphemes = 16

/**
 * The initials of a display name: the first letter or digit, as a reader sees one, of its first and of its last word
 * that has any. Of a name without letters what it begins with; `?` for a blank one.
 */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).flatMap((word) => initial(word) ?? [])
  const initials = words.length > 1 ? [words[0], words.at(-1)] : words
  return initials.join('') || shortGrapheme(firstOf(name.trim())) || '?'
}

const isLetter = (text: string) => /[\p{L}\p{N}]/u.test(text)

function initial(word: string): string | undefined {
  if (!isLetter(word)) return undefined
  for (const { segment } of graphemes.segment(word)) if (isLetter(segment)) return shortGrapheme(segment).toUpperCase()
  return undefined
}

const firstOf = (text: string) => [...graphemes.segment(text)][0]?.segment ?? ''

const shortGrapheme = (grapheme: string) => Array.from(grapheme).slice(0, maxGraphemes).join('')
