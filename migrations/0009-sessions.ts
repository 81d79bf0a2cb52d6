import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // Neither column of hashes opens anything to who reads them: not the session, and not the account.
  await sql`
    create table session (
      id_hash bytea primary key,
      account_id uuid not null references account on delete cascade,
      credential_hash bytea not null,
      created_at timestamptz(3) not null,
      expires_at timestamptz(3) not null
    )`.execute(db)
  await sql`create index session_account on session (account_id)`.execute(db)
  await sql`create index session_expiry on session (expires_at)`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table session`.execute(db)
}
