import { fileURLToPath } from 'node:url'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { findHolder, isEmpty, revokeSecret, shareSecret } from './example-store.js'
import { importFiles } from './import.js'

/** The password that the whole cast shares. It is no secret: README and terminal tell it. */
export const castPassword = 'colleagues'

/** What is kept of it: one and the same for every member, so that it is known again without hashing. */
const castSecret = '$argon2id$v=19$m=19456,t=2,p=1$c5X5pzrH9KhepvueDSaKqw$BjSfqjUp1q4MlxGnnaYtXaXiU1smTuu3y/ThOYSLDSI'

const castFile = fileURLToPath(new URL('../../../fixtures/cast.jsonl', import.meta.url))

/** Fills a database without accounts with the cast, and lets every member sign in. */
export async function loadCast(db: Kysely<Tables>): Promise<void> {
  if (!(await isEmpty(db))) return
  await importFiles(db, [castFile], { afterwards: (transaction) => shareSecret(transaction, castSecret) })
}

/**
 * Takes the shared password away from whoever still has it: for a server that other machines can reach.
 *
 * @returns whether anybody had it
 */
export const forbidCast = (db: Kysely<Tables>): Promise<boolean> => revokeSecret(db, castSecret)

/** The user id of a member who signs in with the shared password; undefined where there is none. */
export const findCastMember = (db: Kysely<Tables>): Promise<string | undefined> => findHolder(db, castSecret)
