import type { Account, Right } from '../accounts/account.js'
import { Failure } from '../errors.js'

/** Who sends a request, and what the credential that says so may be used for. */
export interface Identity {
  readonly account: Account
  readonly rights: readonly Right[]
}

/** Why somebody is not let in, for the log alone: whoever asks always gets the same answer. */
export interface Refusal {
  readonly reason: string
  /** Id of the account that was meant, where there is one. */
  readonly account?: string | undefined
}

/** The one answer to all credentials that are not right (trust, A3 and A6). */
export const refused = (reason: string, account?: string): Failure =>
  new Failure(
    'unauthenticated',
    'These credentials are not right: sign in with your user name and password, or with an app password that has not ended.',
    {
      cause: { reason, account } satisfies Refusal,
    },
  )
