import distance from 'damerau-levenshtein'

/**
 * Well-known environment variables of other programs. They are never reported as misspelt settings, however similar the
 * names are.
 */
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

/**
 * Patterns of further well-known variables: those of Postgres, npm and Marathon, and the service variables of Docker
 * and Kubernetes.
 */
const families = [/^PG[A-Z]+$/, /^npm_/i, /[A-Z\d]_(HOST|PORT)$/, /_PORT_\d+_/, /^PORT_?\d+$/]

const isCommon = (name: string) => common.has(name) || families.some((family) => family.test(name))

const letters = (name: string) => name.toUpperCase().replaceAll('_', '')

/**
 * Whether `name` is probably a misspelling of `right`: at most one edit away, or two edits if `right` has at least
 * eight letters. Case and underscores are ignored. A transposition counts as one edit.
 */
function isClose(name: string, right: string): boolean {
  const [one, other] = [letters(name), letters(right)]
  const most = other.length >= 8 ? 2 : 1
  return Math.abs(one.length - other.length) <= most && distance(one, other).steps <= most
}

/** Finds the known name that a misspelt name most likely stands for; undefined if none is close. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const steps = (right: string) => distance(letters(name), letters(right)).steps
  return names.filter((right) => isClose(name, right)).toSorted((one, other) => steps(one) - steps(other))[0]
}

/**
 * Finds environment variables with names that look like misspelt settings.
 *
 * @param allowed variables exempted by the operator
 * @returns each variable with the setting that it most likely stands for
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
