import { Failure } from '../errors.js'
import { naming } from './parameters.js'

/** A positive whole number, at most `most`; anything else counts as not given. */
export function wholeNumber(text: string | undefined, fallback: number, most: number): number {
  return text !== undefined && /^0*[1-9]\d*$/.test(text) ? Math.min(Number(text), most) : fallback
}

/** Whether it is `true` or `1`; absent counts as `false`, as do `false` and `0`. Refuses all else. */
export const yesOrNo = (name: string, text: string | undefined): boolean =>
  ['true', '1'].includes(oneOf(name, text, ['true', 'false', '1', '0']) ?? 'false')

/** The word that the text is, in any case; undefined for another text, and if there is none. */
export const wordAmong = <Word extends string>(text: string | undefined, words: readonly Word[]): Word | undefined =>
  words.find((word) => word.toLowerCase() === text?.toLowerCase())

/** One of the words, in any case, or undefined where it is not given. Refuses all else. */
export function oneOf<Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly Word[],
): Word | undefined {
  return text === undefined ? undefined : requireOneOf(name, text, words)
}

/** One of the words, in any case. Refuses all else, also where it is not given. */
export function requireOneOf<Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly Word[],
): Word {
  const word = wordAmong(text, words)
  if (word !== undefined) return word
  const choice = words.length === 1 ? words.join() : `one of ${words.join(', ')}`
  throw new Failure('invalid', `${naming(name)} must be ${choice}${text === undefined ? '; it is missing' : ''}.`)
}
