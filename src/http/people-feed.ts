import type { Account } from '../accounts/account.js'

/** The date of a feed of people: the last change among them, so that it stays as long as they do; of none, undefined. */
export const newestOf = (accounts: readonly Account[]): Date | undefined =>
  accounts.length > 0 ? new Date(Math.max(...accounts.map(({ updated }) => updated.getTime()))) : undefined
