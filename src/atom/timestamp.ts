const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

/**
 * Reads a date-time of RFC 3339 as Atom narrows it (RFC 4287, section 3.3): upper-case `T`, and `Z` or an offset.
 * What is finer than a millisecond is cut off. A leap second, at the end of a June or December in UTC, is the first
 * moment of the next day.
 *
 * @returns undefined for anything else: other forms, dates no calendar has, years outside 1970 to 9999
 */
export function parseTimestamp(text: string): Date | undefined {
  const parts = form.exec(text)
  if (!parts) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [, , , , , , , fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = parts
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59)))
  const inCalendar = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!inCalendar || year < 1970 || hour > 23 || minute > 59 || second > 60) return undefined
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return undefined
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -60_000 : 60_000)
  date.setTime(date.getTime() - offset)
  if (second === 60) {
    if (!/-(06-30|12-31)T23:59:59/.test(date.toISOString())) return undefined
    date.setTime(date.getTime() + 1000)
  } else {
    date.setUTCMilliseconds(Number(fraction.padEnd(3, '0').slice(0, 3)))
  }
  return date.getUTCFullYear() >= 1970 && date.getUTCFullYear() <= 9999 ? date : undefined
}
