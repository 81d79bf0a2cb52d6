import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.js'

type Db = Kysely<Tables>

/** Whether there are no accounts. */
export async function isEmpty(db: Db): Promise<boolean> {
  return (await db.selectFrom('account').select('id').limit(1).executeTakeFirst()) === undefined
}

/** Gives every account the same password hash. */
export async function addPasswordToAll(db: Db, secret: string): Promise<void> {
  await sql`
    insert into credential (id, account_id, kind, secret, created_at, updated_at)
    select gen_random_uuid(), id, 'password', ${secret}, created_at, created_at from account`.execute(db)
}

/** Deletes all credentials with this password hash. @returns whether there were any */
export async function revokePassword(db: Db, secret: string): Promise<boolean> {
  const revoked = await db.deleteFrom('credential').where('secret', '=', secret).returning('id').execute()
  return revoked.length > 0
}

/** @returns the first user id that can sign in with this password hash; undefined if none can */
export async function findHolder(db: Db, secret: string): Promise<string | undefined> {
  const holder = await db
    .selectFrom('account')
    .innerJoin('credential', 'credential.account_id', 'account.id')
    .select('user_id')
    .where('secret', '=', secret)
    .where('state', '=', 'active')
    .orderBy('user_id')
    .executeTakeFirst()
  return holder?.user_id
}
