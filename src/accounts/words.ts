import { folded, sortKey } from './account.js'

/** So much of a word counts, in a name and in a search. */
const longest = 64

/**
 * The words of a text by which people are searched, folded. Blanks divide words, and what punctuation and
 * signs divide is found by its parts: `O’Neill` by `o` and by `neill`.
 *
 * @returns for each run between blanks its parts; it is its own part where it is nothing but these
 */
function runsOf(text: string): { run: string; parts: string[] }[] {
  // A sigma is another letter at the end of a word, where a prefix ends too.
  const runs = folded(text).replaceAll('ς', 'σ').split(blanks).filter(isFilled)
  return runs.map((run) => ({ run, parts: run.split(/[\p{P}\p{S}]+/u).filter(isFilled) }))
}

const blanks = /[\s\p{Z}\p{Cc}]+/u
const isFilled = (text: string) => text !== ''
const short = (word: string) => Array.from(word).slice(0, longest).join('')
const distinct = (words: readonly string[]) => [...new Set(words.map(short))]

/** What the columns `sort` and `words` of an account hold, as text for the database, for a display name. */
export function nameColumns(name: string): { sort: string; words: string } {
  const words = distinct(runsOf(name).flatMap(({ run, parts }) => [run, ...parts]))
  return { sort: sortKey(name), words: words.map(quoted).join(' ') }
}

/**
 * The beginnings of words that a search asks for, each of which some word of a name must have. A star or percent sign
 * at the end of a word is what other servers want for this; here it changes nothing.
 *
 * @returns undefined where the text asks for nothing, being blank; `[]` where it asks for anybody, being but a star
 */
export function askedWords(text: string): string[] | undefined {
  const runs = runsOf(text)
  if (runs.length === 0) return undefined
  const asked = runs.filter(({ run }) => !/^[*%]+$/.test(run))
  return distinct(asked.flatMap(({ run, parts }) => (parts.length > 0 ? parts : [run])))
}

/** Beginnings of words as a `tsquery` that finds the names with all of them. */
export const prefixQuery = (words: readonly string[]): string => words.map((word) => `${quoted(word)}:*`).join(' & ')

/** A word in the quotes of `tsvector` and `tsquery`, so that nothing in it is an operator. */
const quoted = (word: string) => `'${word.replaceAll(/['\\]/g, '$&$&')}'`
