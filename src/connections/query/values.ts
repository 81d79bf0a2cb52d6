import { isDate } from 'node:util/types'
import { isUuid } from '../../accounts/account.js'
import { foldedEmail } from '../../accounts/merge.js'
import { isStorable } from '../../accounts/store.js'
import { isContextId } from '../context-id.js'
import { refused } from './document.js'
import type { PropertyType } from './properties.js'

/** A value as its column holds it; of a state, the number that is shown. */
export type Value = string | number | Date

/** The singular of the name of a type of object; undefined where there is no such type. */
export type Singular = (name: string) => string | undefined

/**
 * Reads a value that a property is compared with.
 *
 * @param path of the value, for the fault
 * @throws Fault `invalidArgument.query` for a value of another type
 */
export function valueOf(type: PropertyType, value: unknown, path: string, singular: Singular): Value {
  switch (type) {
    case 'id':
      if (typeof value === 'string' && isUuid(value)) return value.toLowerCase()
      throw refused(path, 'This has to be an id, a UUID.')
    case 'contextId':
      if (isContextId(value)) return value
      throw refused(path, 'This has to be an id, a text of 1 to 128 characters, none of them a control character.')
    case 'int':
      if (Number.isSafeInteger(value)) return value as number
      throw refused(path, 'This has to be a whole number.')
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

/** @throws Fault `invalidArgument.query` for what is no text, or one that the database cannot hold */
export function textOf(value: unknown, path: string): string {
  if (typeof value === 'string' && isStorable(value)) return value
  throw refused(path, 'This has to be a text, without NUL and halves of characters.')
}

const iso = /^(\d{4}-\d\d-\d\d)(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/
const earliest = Date.UTC(1000, 0, 1)
const latest = Date.UTC(9999, 11, 31)

function dateOf(value: unknown, path: string): Date {
  const time = timeOf(value)
  if (time !== undefined) return time
  throw refused(path, 'This has to be a date of the years 1000 to 9999: ISO 8601 with a zone, milliseconds or a Date.')
}

/** A time that programs give: ISO 8601 with a zone, milliseconds since 1970, or a `Date`; undefined for anything else. */
export function timeOf(value: unknown): Date | undefined {
  const time = isDate(value) ? value.getTime() : typeof value === 'string' ? millisecondsOf(value) : value
  // Beyond these years the drivers of the two databases write dates in ways of their own.
  if (typeof time === 'number' && Number.isInteger(time) && time >= earliest && time <= latest) return new Date(time)
  return undefined
}

function millisecondsOf(text: string): number {
  const day = iso.exec(text)?.[1]
  // JavaScript takes the 30th of February for the 2nd of March.
  const exists = day !== undefined && new Date(Date.parse(day) || 0).toISOString().startsWith(day)
  return exists ? Date.parse(text) : NaN
}
