import type { ProfileForm } from '../../atom/profile-entry.js'
import { Failure } from '../../errors.js'
import type { PageNumber } from '../../people/search-store.js'

/** The parameters of an address as they came, decoded: names and values in their order. */
export type Parameters = readonly (readonly [name: string, value: string])[]

const maxOfOneName = 20
/** Our links add these to what was asked. */
const ours = new Set(['pos', 'page', 'ps'])
const usualLength = 512

/**
 * Takes a query string apart.
 *
 * @param search what follows the `?` of an address, or nothing
 * @param longest how many characters a name or value may have
 * @throws Failure `invalid` when it is not percent-encoded UTF-8, or holds too much
 */
export function readParameters(search: string, longest = usualLength): Parameters {
  const parameters = search
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...value] = part.split('=')
      return [decode(name), decode(value.join('='))] as const
    })
  const own = parameters.filter(([name]) => !ours.has(name))
  if (own.length > maxOfOneName) throw new Failure('invalid', `At most ${maxOfOneName} parameters are taken.`)
  const long = parameters.find(([name, value]) => name.length > longest || value.length > longest)
  if (long) throw new Failure('invalid', `${naming(long[0])} is longer than ${longest} characters.`)
  return parameters
}

/** Gives the one value of a parameter, as `valueOf` does. */
export type Value = (name: string) => string | undefined

/** The parameters of an address, with a way to ask for single values. */
export interface Query {
  readonly parameters: Parameters
  readonly value: Value
}

/** As `readParameters`, with a way to ask for single values. */
export function openParameters(search: string): Query {
  const parameters = readParameters(search)
  return { parameters, value: (name) => valueOf(parameters, name) }
}

/** Writes parameters as a query string, every character outside the unreserved ones percent-encoded. */
export function writeParameters(parameters: Parameters): string {
  return parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
}

/**
 * The one value of a parameter; undefined where it is not given.
 *
 * @throws Failure `invalid` when it is given with different values
 */
export function valueOf(parameters: Parameters, name: string): string | undefined {
  const [first, ...others] = parameters.filter(([each]) => each === name).map(([, value]) => value)
  if (others.some((other) => other !== first)) {
    throw new Failure('invalid', `${naming(name)} is given with different values; give it once.`)
  }
  return first
}

/** A parameter as the subject of a sentence. */
export const naming = (name: string) => `The parameter ${name.slice(0, 64)}`

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    const sentence = 'There is a percent sign that encodes no UTF-8 text; a literal one is %25.'
    throw new Failure('invalid', sentence, { cause })
  }
}

/** A positive whole number, at most `max`. Any other text counts as not given. */
function wholeNumber(text: string | undefined, fallback: number, max: number): number {
  return text !== undefined && /^0*[1-9]\d*$/.test(text) ? Math.min(Number(text), max) : fallback
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

/** Reads the form in which profiles are shown. */
export const readForm = (value: Value, defaultFormat: ProfileForm['format'] = 'lite'): ProfileForm => ({
  output: wordAmong(value('output'), ['hcard', 'vcard'] as const) ?? 'hcard',
  format: wordAmong(value('format'), ['lite', 'full'] as const) ?? defaultFormat,
})

/** Reads the page of a list, and its size. */
export const readPage = (value: Value): PageNumber => ({
  page: wholeNumber(value('page'), 1, 999_999_999),
  pageSize: wholeNumber(value('ps'), 10, 250),
})
