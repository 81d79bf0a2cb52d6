import type { Kysely } from 'kysely'
import type { Tables } from '../../src/db/tables.js'
import { makeAppPassword } from '../../src/identity/app-password.js'
import type { Scope } from '../../src/people/account.js'
import { findAccount } from '../../src/people/store.js'

/** Creates an app password for a user id. Returns the secret, the id, and the header of a bearer. */
export async function appPasswordOf(
  db: Kysely<Tables>,
  userId: string,
  scopes: readonly Scope[] = ['read'],
  expiresAt: Date | null = null,
) {
  const account = await findAccount(db, { by: 'userId', value: userId })
  const { secret, id } = await makeAppPassword(db, account?.id as string, { name: 'Test', scopes, expiresAt })
  return { secret, id, bearer: { headers: { authorization: `Bearer ${secret}` } } }
}
