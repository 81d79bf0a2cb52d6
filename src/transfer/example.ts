import { fileURLToPath } from 'node:url'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { findHolder, isEmpty, revokePassword, addPasswordToAll } from './example-store.js'
import { importFiles } from './import.js'

/** The password of all example people (the cast). Not a secret: README and terminal show it. */
export const castPassword = 'colleagues'

/** The hash of `castPassword`. All accounts share it, so that credentials with this password can be found by hash. */
const castSecret = '$argon2id$v=19$m=19456,t=2,p=1$c5X5pzrH9KhepvueDSaKqw$BjSfqjUp1q4MlxGnnaYtXaXiU1smTuu3y/ThOYSLDSI'

const castFile = fileURLToPath(new URL('../../../fixtures/cast.jsonl', import.meta.url))

/** Imports the example people with their password into a database without accounts. */
export async function loadCast(db: Kysely<Tables>): Promise<void> {
  if (!(await isEmpty(db))) return
  await importFiles(db, [castFile], { afterwards: (transaction) => addPasswordToAll(transaction, castSecret) })
}

/**
 * Revokes the password of the example people, for a server that other machines can reach.
 *
 * @returns whether any account still had the password
 */
export const forbidCast = (db: Kysely<Tables>): Promise<boolean> => revokePassword(db, castSecret)

/** @returns the user id of an example person with the shared password; undefined if there is none */
export const findCastMember = (db: Kysely<Tables>): Promise<string | undefined> => findHolder(db, castSecret)
