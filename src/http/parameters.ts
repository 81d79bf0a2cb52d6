import { Failure } from '../errors.js'

/** The parameters of an address as they came, decoded: names and values in their order. */
export type Parameters = readonly (readonly [name: string, value: string])[]

const most = 20
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
  if (own.length > most) throw new Failure('invalid', `At most ${most} parameters are taken.`)
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
