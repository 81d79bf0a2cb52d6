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
 * Reads a level: a number, or its name. What is between or beyond the levels counts as the next lower one, and what is no
 * number at all as the least (section 3).
 */
export function levelOf(wish: unknown): number {
  const known = typeof wish === 'string' && Object.hasOwn(levels, wish) ? levels[wish as LevelName] : wish
  if (typeof known !== 'number') return levels.none
  return offered.findLast((level) => level <= known) ?? levels.none
}
