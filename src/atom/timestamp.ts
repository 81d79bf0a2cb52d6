const form = new RegExp(
  String.raw`^(?<date>(?<year>\d{4})-\d\d-(?<day>\d\d))T(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)` +
    String.raw`(?:\.(?<fraction>\d+))?(?:Z|(?<offset>[+-](?:[01]\d|2[0-3]):[0-5]\d))$`,
)

/**
 * Reads a date-time of RFC 3339 as Atom narrows it (RFC 4287, section 3.3): upper-case `T`, and `Z` or an offset.
 * What is finer than a millisecond is cut off. A leap second, at the end of a June or December in UTC, is the first
 * moment of the next day.
 *
 * @returns undefined for anything else: other forms, dates no calendar has, years outside 1970 to 9999
 */
export function parseTimestamp(text: string): Date | undefined {
  const parts = form.exec(text)?.groups
  if (!parts || Number(parts['year']) < 1970 || Number(parts['hour']) > 23) return undefined
  const isLeap = parts['second'] === '60'
  const second = isLeap ? '59' : parts['second']
  const milliseconds = (parts['fraction'] ?? '').padEnd(3, '0').slice(0, 3)
  const moment = `${parts['date']}T${parts['hour']}:${parts['minute']}:${second}.${isLeap ? '000' : milliseconds}`
  // Date takes 31 February for a day in March.
  if (new Date(`${moment}Z`).getUTCDate() !== Number(parts['day'])) return undefined
  const date = new Date(moment + (parts['offset'] ?? 'Z'))
  if (isLeap && !/-(06-30|12-31)T23:59:59/.test(date.toISOString())) return undefined
  if (isLeap) date.setTime(date.getTime() + 1000)
  return date.getUTCFullYear() >= 1970 && date.getUTCFullYear() <= 9999 ? date : undefined
}
