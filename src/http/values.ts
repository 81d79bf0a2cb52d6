import { Failure } from '../errors.js'
import { naming } from './parameters.js'

/** A positive whole number, at most `most`; anything else counts as not given. */
export function wholeNumber(text: string | undefined, fallback: number, most: number): number {
  return text !== undefined && /^0*[1-9]\d*$/.test(text) ? Math.min(Number(text), most) : fallback
}

/** Whether it is `true`; absent counts as `false`. Refuses all else. */
export const yesOrNo = (name: string, text: string | undefined) =>
  oneOf(name, text, ['true', 'false'] as const) === 'true'

/** One of the words, or undefined where it is not given. Refuses all else. */
export function oneOf<Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly Word[],
): Word | undefined {
  return text === undefined ? undefined : requireOneOf(name, text, words)
}

/** One of the words. Refuses all else, also where it is not given. */
export function requireOneOf<Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly Word[],
): Word {
  const word = words.find((each) => each === text)
  if (word !== undefined) return word
  const choice = words.length === 1 ? words.join() : `one of ${words.join(', ')}`
  throw new Failure('invalid', `${naming(name)} must be ${choice}${text === undefined ? '; it is missing' : ''}.`)
}
