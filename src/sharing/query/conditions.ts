import { isDate } from 'node:util/types'
import { isUuid } from '../../people/account.js'
import { foldedEmail } from '../../people/merge.js'
import { isStorable } from '../../people/store.js'
import { isContextId } from '../grant.js'
import { refused } from './document.js'
import type { Property, PropertyType } from './properties.js'

/** A value of a column. The state is a number, as in shown connections. */
export type Value = string | number | Date

/** Returns the singular name of a type of object; undefined for an unknown type. */
export type Singular = (name: string) => string | undefined

/**
 * Reads a value for a comparison with a property.
 *
 * @param path of the value, for faults
 * @throws Refusal `invalidArgument.query` for a value of another type
 */
export function valueOf(type: PropertyType, value: unknown, path: string, singular: Singular): Value {
  switch (type) {
    case 'id':
      if (typeof value === 'string' && isUuid(value)) return value.toLowerCase()
      throw refused(path, 'This must be a UUID.')
    case 'contextId':
      if (isContextId(value)) return value
      throw refused(path, 'This must be an id, a string of 1 to 128 characters without control characters.')
    case 'int':
      if (Number.isSafeInteger(value)) return value as number
      throw refused(path, 'This must be a whole number.')
    case 'date':
      return dateOf(value, path)
    case 'object': {
      const name = textOf(value, path)
      return singular(name) ?? name
    }
    case 'email':
      return foldedEmail(textOf(value, path))
    case 'roles':
      return textOf(value, path)
  }
}

/** @throws Refusal `invalidArgument.query` for a value that is not a text, or that the database cannot store */
function textOf(value: unknown, path: string): string {
  if (typeof value === 'string' && isStorable(value)) return value
  throw refused(path, 'This must be a string without NUL or unpaired surrogates.')
}

const iso = /^(\d{4}-\d\d-\d\d)(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/
const earliest = Date.UTC(1000, 0, 1)
const latest = Date.UTC(9999, 11, 31)

function dateOf(value: unknown, path: string): Date {
  const time = timeOf(value)
  if (time !== undefined) return time
  throw refused(
    path,
    'This must be a date in the years 1000 to 9999: ISO 8601 with a time zone, milliseconds or a Date.',
  )
}

/**
 * Reads a date given by a program: ISO 8601 with a time zone, milliseconds since 1970, or a `Date`.
 *
 * @returns undefined for any other value
 */
export function timeOf(value: unknown): Date | undefined {
  const time = isDate(value) ? value.getTime() : typeof value === 'string' ? millisecondsOf(value) : value
  // Dates outside these years have no four-digit year.
  if (typeof time === 'number' && Number.isInteger(time) && time >= earliest && time <= latest) return new Date(time)
  return undefined
}

function millisecondsOf(text: string): number {
  const day = iso.exec(text)?.[1]
  // JavaScript reads February 30 as March 2.
  const exists = day !== undefined && new Date(Date.parse(day) || 0).toISOString().startsWith(day)
  return exists ? Date.parse(text) : NaN
}

/** A condition on connections. It refers to known columns only, so no property name from a caller reaches the SQL. */
export type Where =
  Condition | { readonly is: 'and' | 'or'; readonly of: readonly Where[] } | { readonly is: 'not'; readonly of: Where }

/** A condition on one property. An absent value satisfies `absent`, and the negation of every other condition. */
export type Condition =
  | { readonly is: 'absent'; readonly property: Property }
  | { readonly is: Comparison; readonly property: Property; readonly value: Value }
  | { readonly is: 'oneOf'; readonly property: Property; readonly values: readonly Value[] }
  | { readonly is: 'prefixed'; readonly property: Property; readonly prefix: string }
  | {
      readonly is: 'having'
      readonly property: Property
      readonly which: 'all' | 'any'
      readonly values: readonly Value[]
    }
  | { readonly is: 'sized'; readonly property: Property; readonly size: number }

export type Comparison = 'equal' | 'greater' | 'greaterOrEqual' | 'less' | 'lessOrEqual'

/** The condition that is true of every connection. */
export const everything: Where = { is: 'and', of: [] }

/**
 * The values of a column that a condition lists by equality or `oneOf`, alone or as a part of `and`. For other
 * conditions, and for other columns, undefined.
 */
export function valuesOf(where: Where, column: Property['column']): readonly Value[] | undefined {
  if (where.is === 'and') return where.of.map((each) => valuesOf(each, column)).find((values) => values !== undefined)
  if (where.is === 'equal' && where.property.column === column) return [where.value]
  if (where.is === 'oneOf' && where.property.column === column) return where.values
  return undefined
}

/** All properties in a condition. */
export function propertiesIn(where: Where): Property[] {
  if ('property' in where) return [where.property]
  return where.is === 'not' ? propertiesIn(where.of) : where.of.flatMap(propertiesIn)
}

/** The conjunction of conditions. */
export const oneOrAll = (parts: readonly Where[]): Where =>
  parts.length === 1 ? (parts[0] as Where) : { is: 'and', of: parts }

// Matches `^` and literal text. Special characters must be escaped with a backslash; letters and digits must not be.
const plain = /^\^((?:[^\\^$.*+?()[\]{}|]|\\[^a-zA-Z0-9])*)$/su

/**
 * The prefix of addresses in a pattern such as `^ann\.lee`. The database never runs a caller's pattern (docs/module.md,
 * Queries).
 *
 * @returns the prefix, folded like addresses
 * @throws Refusal `invalidArgument.query` for every other pattern
 */
export function prefixOf(pattern: unknown, path: string): string {
  const literal = plain.exec(textOf(pattern, path))?.[1]
  if (literal === undefined) throw refused(path, 'Only a prefix is supported: ^ and then text.')
  return foldedEmail(literal.replaceAll(/\\(.)/gsu, '$1'))
}
