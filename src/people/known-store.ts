import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.js'
import type { Account } from './account.js'
import { columnsOf, toAccount } from './store.js'

type Db = Kysely<Tables>

/** An account, and whether its owner has proved to own its e-mail address. */
export interface KnownAccount {
  readonly account: Account
  readonly verified: boolean
}

export async function findKnownAccounts(db: Db, ids: readonly string[]): Promise<KnownAccount[]> {
  const rows = await db
    .selectFrom('account')
    .select(columnsOf('account'))
    .select('verified')
    .where(sql<boolean>`account.id = any(${ids}::uuid[])`)
    .execute()
  return rows.map((row) => ({ account: toAccount(row, 'account'), verified: row.verified }))
}

/** Returns those of the given roles that exist. */
export async function findRoles(db: Db, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('role')
    .select('id')
    .where(sql<boolean>`id = any(${ids}::text[])`)
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/** Whether an app with this key exists. */
export async function hasApp(db: Db, key: string): Promise<boolean> {
  return (await db.selectFrom('app').select('key').where('key', '=', key).executeTakeFirst()) !== undefined
}

/** Adds an app if it is missing, and sets its base URL if one is passed. */
export async function insertApp(db: Db, key: string, baseUrl?: string): Promise<void> {
  await db
    .insertInto('app')
    .values({ key, base_url: baseUrl ?? null })
    .onConflict((conflict) =>
      baseUrl === undefined ? conflict.doNothing() : conflict.column('key').doUpdateSet({ base_url: baseUrl }),
    )
    .execute()
}

/** The base URLs of apps, by app key. Reads all apps, since there are few. */
export async function findBaseUrls(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('app').selectAll().execute()
  return new Map(rows.flatMap(({ key, base_url }) => (base_url === null ? [] : [[key, base_url] as const])))
}

export const findOrgs = (db: Db, ids: readonly string[]): Promise<{ id: string; name: string }[]> =>
  db
    .selectFrom('org')
    .selectAll()
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .execute()
