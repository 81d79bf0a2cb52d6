import { folded, sortKey } from './account.js'

/** Longer words are truncated, in texts and in searches. */
const maxWordLength = 64

/**
 * The folded search words of a text. Spaces separate words. Punctuation and symbols separate parts of a word, which are
 * searchable too: `O’Neill` by `o` and by `neill`.
 *
 * @returns each word with its parts; a word that consists of punctuation has no parts
 */
export function runsOf(text: string): { run: string; parts: string[] }[] {
  // A search prefix may end in a final sigma, although the word goes on with another letter. Both forms of sigma are
  // therefore treated alike.
  const runs = folded(text).replaceAll('ς', 'σ').split(spaces).filter(isNotEmpty)
  return runs.map((run) => ({ run, parts: run.split(/[\p{P}\p{S}]+/u).filter(isNotEmpty) }))
}

const spaces = /[\s\p{Z}\p{Cc}]+/u
const isNotEmpty = (text: string) => text !== ''

/** Truncates a word to `maxWordLength` characters. */
export const short = (word: string): string => Array.from(word).slice(0, maxWordLength).join('')

/** The words of a text and their parts. */
const wordsOf = (text: string): string[] => [
  ...new Set(runsOf(text).flatMap(({ run, parts }) => [run, ...parts].map(short))),
]

/** The values for the columns `sort` and `words` of an account; `words` is a `tsvector` literal. */
export const nameColumns = (name: string): { sort: string; words: string } => ({
  sort: sortKey(name),
  words: wordsOf(name).map(quoted).join(' '),
})

/** Quotes a word for `tsvector` and `tsquery`, so that none of its characters is an operator. */
export const quoted = (word: string): string => `'${word.replaceAll(/['\\]/g, '$&$&')}'`

const graphemes = new Intl.Segmenter()

/** Maximum length of an initial in code points. Truncates letters with absurdly many combining marks. */
const maxGraphemes = 16

/**
 * The initials of a display name: the first letter or digit (a grapheme) of its first and last word. A name without
 * letters and digits yields its first character, an empty name yields `?`.
 */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).flatMap((word) => initial(word) ?? [])
  const initials = words.length > 1 ? [words[0], words.at(-1)] : words
  return initials.join('') || truncatedGrapheme(firstGrapheme(name.trim())) || '?'
}

const isLetter = (text: string) => /[\p{L}\p{N}]/u.test(text)

function initial(word: string): string | undefined {
  if (!isLetter(word)) return undefined
  for (const { segment } of graphemes.segment(word))
    if (isLetter(segment)) return truncatedGrapheme(segment).toUpperCase()
  return undefined
}

const firstGrapheme = (text: string) => [...graphemes.segment(text)][0]?.segment ?? ''

const truncatedGrapheme = (grapheme: string) => Array.from(grapheme).slice(0, maxGraphemes).join('')
