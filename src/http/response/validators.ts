import { hash } from 'node:crypto'
import { Failure } from '../../errors.js'

/** Identify the state of a resource without its content. */
export interface Validators {
  /** A strong entity tag in its quotes. */
  readonly tag: string
  /** Date of the last change. Absent if the date of any part is unknown; only the tag is compared then. */
  readonly changed?: Date
}

export type Encoding = 'br' | 'gzip' | 'identity'

/** The request fields that describe the client's copy. */
interface Conditions {
  readonly 'if-none-match'?: string | undefined
  readonly 'if-modified-since'?: string | undefined
}

/** A strong entity tag. @param parts everything that determines the plain content at a URL */
export const entityTag = (parts: readonly unknown[]): string => `"${digestOf(parts)}"`

/** The tag of the encoded content. Different bytes need a different tag (RFC 9110, section 8.8.3.3). */
export const encodedTag = (tag: string, encoding: Encoding): string =>
  encoding === 'identity' ? tag : `${tag.slice(0, -1)}-${encoding}"`

/** A short digest of values. Roles are left out, so that no digest reveals them. */
export const digestOf = (parts: readonly unknown[]): string =>
  hash('sha256', JSON.stringify(parts, parts.every(isScalar) ? undefined : withoutRoles), 'base64url').slice(0, 22)

const isScalar = (value: unknown) => typeof value !== 'object'

const withoutRoles = (name: string, value: unknown) => (name === 'roles' ? undefined : value)

/**
 * The value of `Last-Modified`: the change, rounded up to a whole second. Undefined before that time, so that a client
 * never sees the same date for two changes within a second.
 */
export function lastModified(changed: Date, now: Date): string | undefined {
  const second = Math.ceil(changed.getTime() / 1000) * 1000
  return second <= now.getTime() ? new Date(second).toUTCString() : undefined
}

/**
 * Whether the client's copy is fresh (RFC 9110, section 13.2.2). Tags are compared weakly. The date is compared only if
 * the request has no tags.
 */
export function isFresh(conditions: Conditions, { tag, changed }: Validators, now: Date): boolean {
  const tags = conditions['if-none-match']
  if (tags !== undefined) return tags.trim() === '*' || opaqueTags(tags).includes(tag)
  const date = parseHttpDate(conditions['if-modified-since'] ?? '', now)
  return date !== undefined && changed !== undefined && changed <= date
}

/**
 * Refuses a write if the resource has changed since the client read it (RFC 9110, sections 13.1.1 and 13.1.2). The
 * encoding suffix of a tag is ignored, since the encoding is not part of the state.
 *
 * @param tag the tag of the current state, as this client would receive it with an unencoded GET
 * @throws Failure `preconditionFailed`
 */
export function checkPreconditions(
  headers: { readonly 'if-match'?: string | undefined; readonly 'if-none-match'?: string | undefined },
  tag: string,
): void {
  const wanted = headers['if-match']?.trim()
  const unwanted = headers['if-none-match']?.trim()
  const isAmong = (list: string) => opaqueTags(list).map(withoutEncoding).includes(withoutEncoding(tag))
  // If-Match compares strongly, so a weak tag never matches.
  const strong = (list: string) => list.replaceAll(/W\/"[^"]*"/g, '')
  const holds =
    (wanted === undefined || wanted === '*' || isAmong(strong(wanted))) &&
    (unwanted === undefined || (unwanted !== '*' && !isAmong(unwanted)))
  if (!holds) throw new Failure('preconditionFailed', 'The connection has changed since you read it. Read it again.')
}

const withoutEncoding = (tag: string) => tag.replace(/^("[\w-]{22})-(gzip|br)"$/, '$1"')

/** The tags in a list, without the prefix `W/`. A comma inside quotes is part of a tag; malformed parts are ignored. */
const opaqueTags = (list: string): string[] => list.match(/"[^"]*"/g) ?? []

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const time = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`
const month = `(?<month>${months.join('|')})`

const forms = [
  String.raw`^[A-Z][a-z]{2}, (?<day>\d\d) ${month} (?<year>\d{4}) ${time} GMT$`,
  String.raw`^[A-Z][a-z]{5,8}, (?<day>\d\d)-${month}-(?<year>\d\d) ${time} GMT$`,
  String.raw`^[A-Z][a-z]{2} ${month} (?<day>[ \d]\d) ${time} (?<year>\d{4})$`,
].map((form) => new RegExp(form))

/**
 * Reads an HTTP date in any of its three forms (RFC 9110, section 5.6.7). A two-digit year more than 50 years ahead of
 * `now` belongs to the previous century.
 *
 * @returns undefined for any other text
 */
export function parseHttpDate(text: string, now: Date): Date | undefined {
  const parts = forms.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined)
  if (!parts) return undefined
  const [day, hour, minute, second] = [parts['day'], parts['hour'], parts['minute'], parts['second']].map(Number)
  const monthIndex = months.indexOf(parts['month'] as string)
  const year = fullYear(parts['year'] as string, now)
  const date = new Date(Date.UTC(year, monthIndex, day, hour, minute, second))
  const isReal = date.getUTCMonth() === monthIndex && date.getUTCDate() === day && (hour as number) < 24
  return isReal ? date : undefined
}

function fullYear(digits: string, now: Date): number {
  if (digits.length === 4) return Number(digits)
  const thisYear = now.getUTCFullYear()
  const year = thisYear - (thisYear % 100) + Number(digits)
  return year > thisYear + 50 ? year - 100 : year
}
