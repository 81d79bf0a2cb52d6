import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table session (
      id_hash bytea primary key,
      credential_id uuid not null,
      created_at timestamptz(3) not null,
      expires_at timestamptz(3) not null
    )`.execute(db)
  await sql`create index session_credential on session (credential_id)`.execute(db)
  await sql`create index session_expiry on session (expires_at)`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table session`.execute(db)
}
