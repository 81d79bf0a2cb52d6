import { type Kysely, sql } from 'kysely'
import { v7 as newId } from 'uuid'
import { prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { type Account, isUuid, type Scope } from '../people/account.js'
import { columnsOf, isPerson, isStorable, toAccount } from '../people/store.js'

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

/** A valid app password and its account. */
interface AppSignIn {
  readonly id: string
  readonly account: Account
  readonly scopes: readonly Scope[]
  /** Whether its use was recorded within the last minute. */
  readonly isNoted: boolean
}

/**
 * Finds the account of an app password.
 *
 * @param name the account must have this sign-in name; null accepts any account
 * @returns undefined if the app password is unknown or expired, or the account inactive
 */
export async function findAppSignIn(
  db: Kysely<Tables>,
  hash: string,
  name: string | null,
): Promise<AppSignIn | undefined> {
  if (name !== null && !isStorable(name)) return undefined
  const [row] = await appSignIns.run(db, { hash, name })
  if (!row) return undefined
  const { credential_id: id, scopes, is_noted: isNoted } = row
  return { id, account: toAccount(row, 'account'), scopes: scopes ?? [], isNoted }
}

const appSignIns = prepared((db, value: Value<{ hash: string; name: string | null }>) => {
  const name = value('name') as string
  return db
    .selectFrom('credential')
    .innerJoin('account', 'account.id', 'credential.account_id')
    .select(columnsOf('account'))
    .select([
      'credential.id as credential_id',
      'credential.scopes',
      sql<boolean>`coalesce(credential.used_at > clock_timestamp() - interval '1 minute', false)`.as('is_noted'),
    ])
    .where('credential.kind', '=', 'app')
    .where('credential.secret', '=', value('hash'))
    .where(sql<boolean>`(credential.expires_at is null or credential.expires_at > clock_timestamp())`)
    .where('account.state', '=', 'active')
    .where((by) =>
      by.or([
        sql<boolean>`${name}::text is null`,
        isPerson('userId', name),
        by('account.login', '=', name),
        isPerson('email', name),
      ]),
    )
})

/** Records the use of an app password, at most once a minute, so that polling does not write at every request. */
export async function recordUse(db: Kysely<Tables>, id: string): Promise<void> {
  await db
    .updateTable('credential')
    .set({ used_at: sql`clock_timestamp()` })
    .where('id', '=', id)
    .where(sql<boolean>`(used_at is null or used_at <= clock_timestamp() - interval '1 minute')`)
    .execute()
}

/** An account, and the hash of its password if it has one. */
export interface SignIn {
  readonly account: Account
  readonly secret: string | null
}

/** A sign-in with the id of the password. A new password gets a new id. */
interface NamedSignIn extends SignIn {
  readonly credentialId: string | null
}

/**
 * Finds an account by its sign-in name. Precedence: user id, login, e-mail address. Includes inactive accounts, so that
 * the query takes the same time for all names.
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
