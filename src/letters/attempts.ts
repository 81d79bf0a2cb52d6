/** A letter that cannot go out is given up after so many attempts, which is most of a day. */
export const mostAttempts = 12

const minute = 60_000
const longest = 360 * minute

/**
 * How long to wait after an attempt, in milliseconds: a minute, then twice as long each time, to six hours; by up to
 * half less, so that what failed together does not come again together.
 *
 * @param attempts how many there were
 * @param random from 0 to 1
 */
export function pauseAfter(attempts: number, random: number): number {
  return Math.min(minute * 2 ** (attempts - 1), longest) * (1 - random / 2)
}
