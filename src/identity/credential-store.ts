import { type Kysely, sql } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../db/tables.js'
import { isUuid, type Scope } from '../people/account.js'

/** An app password as shown to its owner, without the secret. */
export interface AppPassword {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly created: Date
  /** Null if it never expires. */
  readonly expires: Date | null
  /** To the minute; null if never used. */
  readonly used: Date | null
}

const columns = ['id', 'name', 'scopes', 'created_at as created', 'expires_at as expires', 'used_at as used'] as const

/**
 * Stores the hash of a new app password.
 *
 * @param maxCount maximum for an account, including expired ones
 * @returns `known` if the id exists already, `full` if the account has the maximum; in both cases nothing is stored
 */
export function insertAppPassword(
  db: Kysely<Tables>,
  accountId: string,
  hash: string,
  { id, name, scopes, expires }: Pick<AppPassword, 'id' | 'name' | 'scopes' | 'expires'>,
  maxCount: number,
): Promise<AppPassword | 'known' | 'full'> {
  const now = sql<Date>`clock_timestamp()`
  return db.transaction().execute(async (transaction) => {
    // Serializes concurrent inserts, so that each counts the ones before it.
    await transaction.selectFrom('account').select('id').where('id', '=', accountId).forNoKeyUpdate().execute()
    const all = await listAppPasswords(transaction, accountId)
    if (all.length >= maxCount && all.every((each) => each.id !== id)) return 'full'
    const made = await transaction
      .insertInto('credential')
      .values({
        ...{ id, account_id: accountId, kind: 'app', secret: hash, name, scopes: [...scopes] },
        ...{ expires_at: expires, created_at: now, updated_at: now },
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning(columns)
      .executeTakeFirst()
    return (made as AppPassword | undefined) ?? 'known'
  })
}

/** The app passwords of an account in the order of their creation, including expired ones. */
export async function listAppPasswords(db: Kysely<Tables>, accountId: string): Promise<AppPassword[]> {
  const rows = await db
    .selectFrom('credential')
    .select(columns)
    .where('account_id', '=', accountId)
    .where('kind', '=', 'app')
    .orderBy('id')
    .execute()
  return rows as AppPassword[]
}

/** Deletes an app password. @returns whether the account had it */
export async function deleteAppPassword(db: Kysely<Tables>, accountId: string, id: string): Promise<boolean> {
  if (!isUuid(id)) return false
  const deleted = await db
    .deleteFrom('credential')
    .where('account_id', '=', accountId)
    .where('kind', '=', 'app')
    .where('id', '=', id)
    .returning('id')
    .execute()
  return deleted.length > 0
}

export async function endAppPasswordsOf(db: Kysely<Tables>, accountIds: readonly string[]): Promise<void> {
  await db.deleteFrom('credential').where('kind', '=', 'app').where('account_id', 'in', accountIds).execute()
}

/** Replaces the hash of an unchanged password. No-op if the old hash is gone. */
export async function replaceSecret(db: Kysely<Tables>, accountId: string, old: string, next: string): Promise<void> {
  await db
    .updateTable('credential')
    .set({ secret: next, updated_at: sql`clock_timestamp()` })
    .where('account_id', '=', accountId)
    .where('kind', '=', 'password')
    .where('secret', '=', old)
    .execute()
}

/**
 * Replaces a password. The new one has a new id, which ends the sessions of the old one.
 *
 * @returns the new id; undefined if the old password is gone
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
 * Sets the password of an account. The new one has a new id, which ends the sessions of the old one.
 *
 * @param secret the hash of the password (`identity/password.ts`), never the password
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
