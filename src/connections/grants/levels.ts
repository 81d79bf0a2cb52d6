import { inspect } from 'node:util'

/** Levels of access by name (reference connections-module.md, section 3). 3 is reserved and never given. */
export const levels = {
  none: 0,
  public: 1,
  connected: 2,
  read: 4,
  share: 5,
  update: 6,
  delete: 7,
  script: 8,
  system: 9,
} as const

export type LevelName = keyof typeof levels

/** The most that a connection can grant. */
export const mostGranted = levels.delete

const offered: readonly number[] = Object.values(levels)

/**
 * Reads a level: a number, also as a string of digits, or a name. A number between or beyond the levels counts as the next
 * lower level, a negative one as `none`.
 *
 * @returns undefined for anything else
 */
export function readLevel(given: unknown): number | undefined {
  if (typeof given === 'string' && Object.hasOwn(levels, given)) return levels[given as LevelName]
  const number = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given
  if (typeof number !== 'number' || Number.isNaN(number)) return undefined
  return offered.findLast((level) => level <= number) ?? levels.none
}

/**
 * A level in a definition of the application's.
 *
 * @param where it stands, for the error
 * @throws TypeError for anything that `readLevel` does not know: a typing error must not open an object to everybody
 */
export function levelOf(given: unknown, where: string): number {
  const level = readLevel(given)
  if (level !== undefined) return level
  throw new TypeError(`${where}: ${inspect(given)} is not a level of access; ${levelNames}.`)
}

/** The highest level below another. */
export const levelBelow = (level: number): number => offered.findLast((each) => each < level) ?? levels.none

/** The levels in words, for messages. */
export const levelNames = `use a number, or one of ${Object.keys(levels).join(', ')}`
