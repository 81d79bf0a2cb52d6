import distance from 'damerau-levenshtein'

/** Variables of shells, systems and other programs. Some are far from every setting of today; a later one may be nearer. */
const common = new Set([
  // Shells and logins
  'HOSTNAME',
  'HOSTTYPE',
  'REMOTEHOST',
  'LOGNAME',
  // Marathon
  'PORTS',
  // Web programs
  'API_KEY',
  'VHOST',
  'HOSTS',
  'GHOST',
  'POST',
])

/** Whole families of these: Postgres, npm, the services that Docker and Kubernetes tell a container of, Marathon. */
const families = [/^PG[A-Z]+$/, /^npm_/i, /[A-Z\d]_(HOST|PORT)$/, /_PORT_\d+_/, /^PORT_?\d+$/]

const isCommon = (name: string) => common.has(name) || families.some((family) => family.test(name))

const letters = (name: string) => name.toUpperCase().replaceAll('_', '')

/**
 * Whether one name is the other, written wrongly: the same letters, or one edit away, two from eight letters on. Two
 * letters that changed places are one edit.
 */
function isClose(name: string, right: string): boolean {
  const [one, other] = [letters(name), letters(right)]
  const most = other.length >= 8 ? 2 : 1
  return Math.abs(one.length - other.length) <= most && distance(one, other).steps <= most
}

/** The one of the names that another is a misspelling of, the nearest first; undefined if it is none. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const steps = (right: string) => distance(letters(name), letters(right)).steps
  return names.filter((right) => isClose(name, right)).toSorted((one, other) => steps(one) - steps(other))[0]
}

/**
 * Finds variables that look like a setting with its name misspelt.
 *
 * @param allowed variables that an operator says are not ours
 * @returns each with the name that is probably meant
 */
export function misspelt(
  environment: Readonly<Record<string, string | undefined>>,
  settings: readonly string[],
  allowed: readonly string[],
): { readonly name: string; readonly right: string }[] {
  const ours = new Set([...settings, ...allowed])
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!value || ours.has(name) || isCommon(name)) return []
    const right = nearest(name, settings)
    return right === undefined ? [] : [{ name, right }]
  })
}
