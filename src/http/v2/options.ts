import { Fault } from '../../faults.js'
import { searchOf } from '../door.js'
import type { Request } from 'express'
import type { ListOptions, ReadOptions } from '../../module/connections.js'

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
 * The options of a read that a request may name; privileges are not among them (trust, Z6).
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
