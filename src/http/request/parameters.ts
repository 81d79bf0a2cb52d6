import type { ProfileForm } from '../../atom/profile-entry.js'
import { Failure } from '../../errors.js'
import type { PageNumber } from '../../people/search-store.js'

/** The decoded parameters of an address, in their order. */
export type Parameters = readonly (readonly [name: string, value: string])[]

const maxParameters = 20
/** Our links add these parameters. */
const ownNames = new Set(['pos', 'page', 'ps'])
const maxLength = 512

/**
 * Parses a query string.
 *
 * @param search the text after the `?` of an address, or nothing
 * @param max the characters that a name or value may have
 * @throws Failure `invalid` when it is not percent-encoded UTF-8, or has too many or too long parameters
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

/** Gives the value of a parameter, as `valueOf`. */
export type Value = (name: string) => string | undefined

/** The parameters of an address, and a function for single values. */
export interface Query {
  readonly parameters: Parameters
  readonly value: Value
}

/** As `readParameters`, with a function for single values. */
export function openParameters(search: string): Query {
  const parameters = readParameters(search)
  return { parameters, value: (name) => valueOf(parameters, name) }
}

/** Writes a query string. Every character but the unreserved ones is percent-encoded. */
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

/** A parameter as the subject of a sentence. */
export const naming = (name: string) => `The parameter ${name.slice(0, 64)}`

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    const sentence = 'The percent-encoding is invalid or not UTF-8. Write a literal percent sign as %25.'
    throw new Failure('invalid', sentence, { cause })
  }
}

/** A positive whole number, at most `max`. Any other text counts as not given. */
function wholeNumber(text: string | undefined, fallback: number, max: number): number {
  return text !== undefined && /^0*[1-9]\d*$/.test(text) ? Math.min(Number(text), max) : fallback
}

/** Whether a value is `true` or `1`. False for `false`, `0` and no value. Refuses any other value. */
export const yesOrNo = (name: string, text: string | undefined): boolean =>
  ['true', '1'].includes(oneOf(name, text, ['true', 'false', '1', '0']) ?? 'false')

/** The word that equals the text in any case; undefined for any other text. */
export const wordAmong = <Word extends string>(text: string | undefined, words: readonly Word[]): Word | undefined =>
  words.find((word) => word.toLowerCase() === text?.toLowerCase())

/** One of the words, in any case; undefined if it is not given. Refuses any other value. */
export function oneOf<Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly Word[],
): Word | undefined {
  return text === undefined ? undefined : requireOneOf(name, text, words)
}

/** One of the words, in any case. Refuses any other value, and none. */
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
