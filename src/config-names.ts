import distance from 'damerau-levenshtein'

/** Well-known variables of other programs. Some resemble no setting yet, but may resemble a later one. */
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

/** Patterns of such variables: Postgres, npm, the service variables of Docker and Kubernetes, Marathon. */
const families = [/^PG[A-Z]+$/, /^npm_/i, /[A-Z\d]_(HOST|PORT)$/, /_PORT_\d+_/, /^PORT_?\d+$/]

const isCommon = (name: string) => common.has(name) || families.some((family) => family.test(name))

const letters = (name: string) => name.toUpperCase().replaceAll('_', '')

/**
 * Whether a name is probably a misspelling of a right one: within one edit, or two from eight letters on, ignoring case
 * and underscores. A transposition is one edit.
 */
function isClose(name: string, right: string): boolean {
  const [one, other] = [letters(name), letters(right)]
  const most = other.length >= 8 ? 2 : 1
  return Math.abs(one.length - other.length) <= most && distance(one, other).steps <= most
}

/** The right name that a misspelt one probably means; undefined if none is close. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const steps = (right: string) => distance(letters(name), letters(right)).steps
  return names.filter((right) => isClose(name, right)).toSorted((one, other) => steps(one) - steps(other))[0]
}

/**
 * Finds variables that look like a setting with its name misspelt.
 *
 * @param allowed variables that the operator exempts
 * @returns each with the probable setting
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
