import type { ProfileForm } from '../../atom/profile-entry.js'
import { Failure } from '../../errors.js'
import type { PageNumber } from '../../people/search-store.js'

/** The decoded parameters of a URL, in order. */
export type Parameters = readonly (readonly [name: string, value: string])[]

const maxParameters = 20
/** Our own links add these parameters to those of a request, so they do not count towards the maximum. */
const ownNames = new Set(['pos', 'page', 'ps'])
const maxLength = 512

/**
 * Parses a query string.
 *
 * @param search the text after the `?` of a URL; may be empty
 * @param max the maximum length of a name or value
 * @throws Failure `invalid` if the text is not percent-encoded UTF-8, or if parameters are too many or too long
 */
export function readParameters(search: string, max = maxLength): Parameters {
  const parameters = search
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...value] = part.split('=')
      return [decode(name), decode(value.join('='))] as const
    })
  const own = parameters.filter(([name]) => !ownNames.has(name))
  if (own.length > maxParameters)
    throw new Failure('invalid', `A request may have at most ${maxParameters} parameters.`)
  const long = parameters.find(([name, value]) => name.length > max || value.length > max)
  if (long) throw new Failure('invalid', `${naming(long[0])} is longer than ${max} characters.`)
  return parameters
}

/** Returns the value of a parameter, as `valueOf`. */
export type Value = (name: string) => string | undefined

/** The parameters of a URL, and a function that returns single values. */
export interface Query {
  readonly parameters: Parameters
  readonly value: Value
}

/** As `readParameters`, with a function that returns single values. */
export function openParameters(search: string): Query {
  const parameters = readParameters(search)
  return { parameters, value: (name) => valueOf(parameters, name) }
}

/** Writes a percent-encoded query string. */
export function writeParameters(parameters: Parameters): string {
  return parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
}

/**
 * The value of a parameter; undefined if it is not given.
 *
 * @throws Failure `invalid` if it is given with different values
 */
export function valueOf(parameters: Parameters, name: string): string | undefined {
  const [first, ...others] = parameters.filter(([each]) => each === name).map(([, value]) => value)
  if (others.some((other) => other !== first)) {
    throw new Failure('invalid', `${naming(name)} is given with different values; give it once.`)
  }
  return first
}

/** The subject of an error message about a parameter. */
export const naming = (name: string) => `The parameter ${name.slice(0, 64)}`

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    const sentence = 'The percent-encoding is invalid or not UTF-8. Write a literal percent sign as %25.'
    throw new Failure('invalid', sentence, { cause })
  }
}

/** Reads a positive whole number, capped at `max`. Returns the fallback for any other text. */
function wholeNumber(text: string | undefined, fallback: number, max: number): number {
  return text !== undefined && /^0*[1-9]\d*$/.test(text) ? Math.min(Number(text), max) : fallback
}

/**
 * Whether a value is `true` or `1`. False for `false`, `0` and a missing value.
 *
 * @throws Failure `invalid` for any other value
 */
export const yesOrNo = (name: string, text: string | undefined): boolean =>
  ['true', '1'].includes(oneOf(name, text, ['true', 'false', '1', '0']) ?? 'false')

/** Finds the word that equals the text, ignoring case. Undefined if there is none. */
export const wordAmong = <Word extends string>(text: string | undefined, words: readonly Word[]): Word | undefined =>
  words.find((word) => word.toLowerCase() === text?.toLowerCase())

/** As `requireOneOf`, but undefined if the parameter is missing. */
export function oneOf<Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly Word[],
): Word | undefined {
  return text === undefined ? undefined : requireOneOf(name, text, words)
}

/**
 * Finds the word that equals the value of a parameter, ignoring case.
 *
 * @throws Failure `invalid` for any other value, or if the parameter is missing
 */
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

/** Reads the output form of profiles. */
export const readForm = (value: Value, defaultFormat: ProfileForm['format'] = 'lite'): ProfileForm => ({
  output: wordAmong(value('output'), ['hcard', 'vcard'] as const) ?? 'hcard',
  format: wordAmong(value('format'), ['lite', 'full'] as const) ?? defaultFormat,
})

/** Reads a page number and the page size. */
export const readPage = (value: Value): PageNumber => ({
  page: wholeNumber(value('page'), 1, 999_999_999),
  pageSize: wholeNumber(value('ps'), 10, 250),
})
