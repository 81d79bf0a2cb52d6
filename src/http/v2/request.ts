import { isUtf8 } from 'node:buffer'
import { Failure } from '../../errors.js'
import { Fault } from '../../faults.js'
import type { ListOptions, ReadOptions } from '../../sharing/api.js'
import { type Answer, unstored } from '../answer.js'
import type { Exchange } from '../exchange.js'

/** All values of a parameter. It may be repeated, and an occurrence may hold several values, separated by commas. */
const several = (parameters: URLSearchParams, name: string): string[] =>
  parameters
    .getAll(name)
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '')

/**
 * The value of a parameter; null if it is missing or empty.
 *
 * @throws Fault `invalidArgument.unspecified` if it has different values
 */
function one(parameters: URLSearchParams, name: string): string | null {
  const [first, ...others] = parameters.getAll(name)
  if (others.every((other) => other === first)) return first || null
  throw new Fault('invalidArgument.unspecified', { path: name, reason: `${name} is given with different values.` })
}

/** The options of `read` that a request may set. Privileges are not among them (docs/trust.md, Z6). */
export function readOptionsOf({ search }: Pick<Exchange, 'search'>): ReadOptions {
  const parameters = new URLSearchParams(search)
  return {
    paths: several(parameters, 'paths'),
    include: several(parameters, 'include'),
    expand: several(parameters, 'expand'),
  }
}

/**
 * The options of `list` that a request may set.
 *
 * @throws Fault `invalidArgument.query` for a query that is not JSON, `invalidArgument.unspecified` for a value that is
 *   not a number, or for different values
 */
export function listOptionsOf(exchange: Pick<Exchange, 'search'>): ListOptions {
  const parameters = new URLSearchParams(exchange.search)
  return {
    ...readOptionsOf(exchange),
    skip: number(parameters, 'skip'),
    limit: number(parameters, 'limit'),
    where: jsonValue(parameters, 'where'),
    map: jsonValue(parameters, 'map'),
    sort: jsonValue(parameters, 'sort'),
    group: jsonValue(parameters, 'group'),
    show: one(parameters, 'show') as ListOptions['show'],
    state: number(parameters, 'state') as ListOptions['state'],
    objects: several(parameters, 'objects'),
    startingAfter: one(parameters, 'startingAfter'),
    endingBefore: one(parameters, 'endingBefore'),
  }
}

function number(parameters: URLSearchParams, name: string): number | null {
  const text = one(parameters, name)
  if (text === null) return null
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  throw new Fault('invalidArgument.unspecified', { path: name, reason: `${name} must be a whole number.` })
}

function jsonValue(parameters: URLSearchParams, name: string): unknown {
  const text = one(parameters, name)
  if (text === null) return undefined
  if (name === 'sort' && /^[\w.]+$/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('invalidArgument.query', { path: name, reason: `${name} must be JSON.` })
  }
}

/** An uncacheable JSON document. The URL may hold a token; no-referrer keeps it from leaking (docs/trust.md, L3). */
export const json = (value: unknown, status = 200): Answer => ({
  ...unstored(JSON.stringify(value), 'application/json;charset=UTF-8'),
  status,
  fields: { 'Referrer-Policy': 'no-referrer' },
})

/** An answer with a value as JSON. A value that is not an object is sent inside a `result` (docs/module.md, HTTP). */
export function jsonResult(value: unknown): Answer {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  return json(isObject ? value : { object: 'result', data: value })
}

/** Reads the JSON object in a body. @throws Failure `invalid` for any other body */
export function readJson({ body }: Pick<Exchange, 'body'>): Readonly<Record<string, unknown>> {
  if (body.length === 0) throw new Failure('invalid', 'The request has no body; send a JSON object.')
  if (!isUtf8(body)) throw new Failure('invalid', 'The body is not UTF-8.')
  try {
    // JSON has no byte order mark, but some editors add one.
    const value: unknown = JSON.parse(
      Buffer.from(body)
        .toString()
        .replace(/^\uFEFF/, ''),
    )
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    throw new Failure('invalid', 'The body is not JSON.', { cause })
  }
  throw new Failure('invalid', 'The body must be a JSON object.')
}
