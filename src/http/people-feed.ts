import type { Account } from '../accounts/account.js'

/**
 * The date of a feed of people: the last change among them, so that it stays as long as they do.
 *
 * @param owner whose date an empty list has; without one it is as old as can be
 */
export function newestOf(accounts: readonly Account[], owner?: Account): Date {
  const shown = accounts.length > 0 || !owner ? accounts : [owner]
  return new Date(Math.max(0, ...shown.map(({ updated }) => updated.getTime())))
}
