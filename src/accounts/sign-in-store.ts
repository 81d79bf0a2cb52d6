import { type Kysely, sql } from 'kysely'
import { v7 as newId } from 'uuid'
import { prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Account } from './account.js'
import { columnsOf, isPerson, isStorable, toAccount } from './store.js'

/** An account that a name signs in to, and the hash of its password where it has one. */
export interface SignIn {
  readonly account: Account
  readonly secret: string | null
}

/** As found by name: with the id of the password, which another password does not have. */
export interface NamedSignIn extends SignIn {
  readonly credentialId: string | null
}

/**
 * Finds who signs in by this name: whose user id it is, else whose login, else whose e-mail address. Inactive
 * accounts are found too, so that they cost the caller what others cost.
 */
export async function findSignIn(db: Kysely<Tables>, name: string): Promise<NamedSignIn | undefined> {
  if (!isStorable(name)) return undefined
  const [row] = await signIns.run(db, { name })
  return row && { account: toAccount(row, 'account'), secret: row.secret, credentialId: row.credentialId }
}

const signIns = prepared((db, value: Value<{ name: string }>) =>
  db
    .selectFrom('account')
    .leftJoin('credential', (join) =>
      join.onRef('credential.account_id', '=', 'account.id').on('credential.kind', '=', 'password'),
    )
    .select(columnsOf('account'))
    .select(['credential.secret', 'credential.id as credentialId'])
    .where((by) =>
      by.or([
        isPerson('userId', value('name')),
        by('account.login', '=', value('name')),
        isPerson('email', value('name')),
      ]),
    )
    .orderBy(sql`case ${value('name')} when account.user_id then 1 when account.login then 2 else 3 end`)
    .limit(1),
)

/** Puts another hash of the same password in place of one, unless that is gone meanwhile. */
export async function replaceSecret(db: Kysely<Tables>, accountId: string, old: string, fresh: string): Promise<void> {
  await db
    .updateTable('credential')
    .set({ secret: fresh, updated_at: sql`clock_timestamp()` })
    .where('account_id', '=', accountId)
    .where('kind', '=', 'password')
    .where('secret', '=', old)
    .execute()
}

/**
 * Puts another password in place of one, which has an id of its own, as with `setPassword`.
 *
 * @returns that id; undefined where the one before is gone meanwhile
 */
export async function replacePassword(
  db: Kysely<Tables>,
  credentialId: string,
  secret: string,
): Promise<string | undefined> {
  const row = await db
    .updateTable('credential')
    .set({ id: newId(), secret, updated_at: sql`clock_timestamp()` })
    .where('id', '=', credentialId)
    .where('kind', '=', 'password')
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

/**
 * Gives the account its password, in place of the one it had. It has an id of its own, so the sessions that the old one
 * opened are over.
 *
 * @param secret the hash of the password (`auth/password.ts`), never the password
 */
export async function setPassword(db: Kysely<Tables>, accountId: string, secret: string): Promise<void> {
  const now = sql<Date>`clock_timestamp()`
  await db
    .insertInto('credential')
    .values({ id: newId(), account_id: accountId, kind: 'password', secret, created_at: now, updated_at: now })
    .onConflict((conflict) =>
      conflict
        .column('account_id')
        .where(sql<boolean>`kind = 'password'`)
        .doUpdateSet((row) => ({ id: row.ref('excluded.id'), secret, updated_at: now })),
    )
    .execute()
}
