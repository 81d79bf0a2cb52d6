import { escapeAttribute, escapeText } from './escape.js'

/** Escaped XML. Only templates and this file create this type, so unescaped text cannot be used in its place. */
export type Markup = string & { readonly markup: unique symbol }

/** Markup without tags and quotation marks: fits both character data and an attribute value. */
export type Plain = Markup & { readonly plain: unique symbol }

export const nothing = '' as Markup

/** Appends instead of `Array.join`, so that a long document is copied only once, when it becomes bytes. */
export function join(parts: readonly Markup[]): Markup {
  let text = ''
  for (const part of parts) text += part
  return text as Markup
}

/** Escapes character data that fills several holes, once. */
export const characters = (text: string): Markup => escapeText(text) as Markup

/** Escapes a text for any hole. Meant for ids: they need no escaping. */
export const plain = (text: string): Plain => escapeAttribute(text) as Plain

export const flag = (value: boolean): Plain => (value ? 'true' : 'false') as Plain

export const count = (value: number): Plain => String(value) as Plain

/** A time in ISO 8601. Equal to `toISOString`, but faster. */
export function instant(date: Date): Plain {
  const time = date.getTime()
  const day = Math.floor(time / dayLength)
  const rest = time - day * dayLength
  const second = Math.floor(rest / 1000)
  const minute = minutes[Math.floor(second / 60)]
  return `${dayText(day, date)}${minute}${seconds[second % 60]}${fractions[rest % 1000]}` as Plain
}

/** A time in milliseconds since 1970. */
export function millis(date: Date): Plain {
  const time = date.getTime()
  const rest = time % 1_000_000
  // Writing one number of this size takes longer than writing three short ones.
  if (!(time >= 1_000_000)) return count(time)
  return `${(time - rest) / 1_000_000}${milliseconds[Math.floor(rest / 1000)]}${milliseconds[rest % 1000]}` as Plain
}

const dayLength = 86_400_000
const maxDays = 5000
const days = new Map<number, string>()

/** Date and `T` of a day. The times on the entries of a page are usually of few days. */
function dayText(day: number, date: Date): string {
  const known = days.get(day)
  if (known !== undefined) return known
  if (days.size >= maxDays) days.clear()
  const text = date.toISOString().slice(0, -'00:00:00.000Z'.length)
  days.set(day, text)
  return text
}

const digits = (length: number, width: number) =>
  Array.from({ length }, (_, number) => String(number).padStart(width, '0'))
const seconds = digits(60, 2).map((second) => `${second}.`)
const minutes = digits(24, 2).flatMap((hour) => digits(60, 2).map((minute) => `${hour}:${minute}:`))
const milliseconds = digits(1000, 3)
const fractions = milliseconds.map((millisecond) => `${millisecond}Z`)
