import { createHash } from 'node:crypto'
import { Failure } from '../../errors.js'
import type { Encoding } from '../request/accept.js'

/** What tells one answer from another without making it. */
export interface Validators {
  /** A strong entity tag in its quotes. */
  readonly tag: string
  /** When it last changed; absent where that is not known of all of it, and only the tag can tell. */
  readonly changed?: Date
}

/** The request fields by which a client says what it has. */
interface Conditions {
  readonly 'if-none-match'?: string | undefined
  readonly 'if-modified-since'?: string | undefined
}

/**
 * A strong entity tag over everything that makes an answer what it is; an encoding makes other bytes, so it shows at
 * the end of the tag (RFC 9110, section 8.8.3.3).
 */
export function entityTag(parts: readonly unknown[], encoding: Encoding): string {
  const digest = digestOf(parts)
  return encoding === 'identity' ? `"${digest}"` : `"${digest}-${encoding}"`
}

/** A short text that is another for other values. What roles people have no answer shows, so none may tell of it. */
export const digestOf = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts, withoutRoles)).digest('base64url').slice(0, 22)

const withoutRoles = (name: string, value: unknown) => (name === 'roles' ? undefined : value)

/**
 * `Last-Modified` as whole seconds: the change rounded up, and said only once that second has come. Two changes
 * within one second can so never hide behind one date.
 */
export function lastModified(changed: Date, now: Date): string | undefined {
  const second = Math.ceil(changed.getTime() / 1000) * 1000
  return second <= now.getTime() ? new Date(second).toUTCString() : undefined
}

/**
 * Whether the client's copy is still good (RFC 9110, section 13.2.2): by its tags, compared weakly, or where it sent
 * none by its date.
 */
export function isFresh(conditions: Conditions, { tag, changed }: Validators, now: Date): boolean {
  const tags = conditions['if-none-match']
  if (tags !== undefined) return tags.trim() === '*' || opaqueTags(tags).includes(tag)
  const date = parseHttpDate(conditions['if-modified-since'] ?? '', now)
  return date !== undefined && changed !== undefined && changed <= date
}

/**
 * Lets a write go on only if what it is about is still what the client saw (RFC 9110, sections 13.1.1 and 13.1.2). Tags
 * that end in an encoding count as the plain one, as they are of the same state.
 *
 * @param tag of what is there now, as a plain GET of this client would give it
 * @throws Failure `preconditionFailed`
 */
export function checkPreconditions(
  headers: { readonly 'if-match'?: string | undefined; readonly 'if-none-match'?: string | undefined },
  tag: string,
): void {
  const wanted = headers['if-match']?.trim()
  const unwanted = headers['if-none-match']?.trim()
  const isAmong = (list: string) => opaqueTags(list).map(withoutEncoding).includes(withoutEncoding(tag))
  // A weak tag never matches strongly.
  const strong = (list: string) => list.replaceAll(/W\/"[^"]*"/g, '')
  const holds =
    (wanted === undefined || wanted === '*' || isAmong(strong(wanted))) &&
    (unwanted === undefined || (unwanted !== '*' && !isAmong(unwanted)))
  if (!holds) throw new Failure('preconditionFailed', 'The connection is not as you saw it; read it again.')
}

const withoutEncoding = (tag: string) => tag.replace(/^("[\w-]{22})-(gzip|br)"$/, '$1"')

/** The tags of a list without their `W/`; a comma inside quotes is part of a tag, and junk is passed over. */
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
 * Reads an HTTP date in any of its three forms (RFC 9110, section 5.6.7). A year of two digits that would lie more
 * than fifty years ahead of `now` is of the century before.
 *
 * @returns undefined for anything else
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
