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
