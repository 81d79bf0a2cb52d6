import { isUtf8 } from 'node:buffer'
import type { Request, Response } from 'express'
import { Failure } from '../../errors.js'
import { Fault } from '../../faults.js'
import type { ListOptions, ReadOptions } from '../../sharing/api.js'
import { bodyOf } from '../request/body.js'
import { sendUnstored } from '../response/send.js'
import { searchOf } from '../services.js'

/** Reads the query of a request; a parameter that is given several times has several values. */
const parametersOf = (request: Request) => new URLSearchParams(searchOf(request))

/** Several values, each parameter with one or with some between commas. */
const several = (parameters: URLSearchParams, name: string): string[] =>
  parameters
    .getAll(name)
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '')

/**
 * The one value of a parameter; null where it is not given, or empty.
 *
 * @throws Fault `invalidArgument.unspecified` where it has different values: which one is meant is anybody's guess
 */
function one(parameters: URLSearchParams, name: string): string | null {
  const [first, ...others] = parameters.getAll(name)
  if (others.every((other) => other === first)) return first || null
  throw new Fault('invalidArgument.unspecified', { path: name, reason: `${name} is given with different values.` })
}

/**
 * The options of a read that a request may name; privileges are not among them (docs/trust.md, Z6).
 */
export function readOptionsOf(request: Request): ReadOptions {
  const parameters = parametersOf(request)
  return {
    paths: several(parameters, 'paths'),
    include: several(parameters, 'include'),
    expand: several(parameters, 'expand'),
  }
}

/**
 * The options of a list that a request may name.
 *
 * @throws Fault `invalidArgument.query` for a query that is not JSON, `invalidArgument.unspecified` for what is not a
 *   number, or has different values
 */
export function listOptionsOf(request: Request): ListOptions {
  const parameters = parametersOf(request)
  return {
    ...readOptionsOf(request),
    skip: number(parameters, 'skip'),
    limit: number(parameters, 'limit'),
    where: json(parameters, 'where'),
    map: json(parameters, 'map'),
    sort: json(parameters, 'sort'),
    group: json(parameters, 'group'),
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
  throw new Fault('invalidArgument.unspecified', { path: name, reason: `${name} has to be a whole number.` })
}

function json(parameters: URLSearchParams, name: string): unknown {
  const text = one(parameters, name)
  if (text === null) return undefined
  if (name === 'sort' && /^[\w.]+$/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('invalidArgument.query', { path: name, reason: `${name} has to be JSON.` })
  }
}

/**
 * Answers with a JSON document that is of this moment alone. What it is fetched by may be a token, which no other
 * address is told, should a browser make links of it (docs/trust.md, L3).
 */
export function sendJson(response: Response, value: unknown, status = 200): void {
  response.status(status)
  response.setHeader('Referrer-Policy', 'no-referrer')
  sendUnstored(response, JSON.stringify(value), 'application/json;charset=UTF-8')
}

/** Answers with a value: an object as it is, anything else as a result (docs/module.md, HTTP). */
export function sendValue(response: Response, value: unknown): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  sendJson(response, isObject ? value : { object: 'result', data: value })
}

/**
 * The JSON object in the body of a request.
 *
 * @throws Failure `invalid` where it is none
 */
export function readJson(request: Request): Readonly<Record<string, unknown>> {
  const bytes = bodyOf(request)
  if (bytes.length === 0) throw new Failure('invalid', 'The request has no body; send a JSON object.')
  if (!isUtf8(bytes)) throw new Failure('invalid', 'The body is not in UTF-8.')
  try {
    // JSON has no byte order mark, but some editors write one.
    const value: unknown = JSON.parse(
      Buffer.from(bytes)
        .toString()
        .replace(/^\uFEFF/, ''),
    )
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    throw new Failure('invalid', 'The body is not JSON.', { cause })
  }
  throw new Failure('invalid', 'The body has to be a JSON object.')
}
