import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table account (
      id uuid primary key,
      key uuid not null unique,
      user_id text collate "C" not null unique,
      login text collate "C" unique,
      email text collate "C",
      name text not null,
      state text not null check (state in ('active', 'inactive')),
      external boolean,
      profile jsonb not null,
      roles text[] not null default '{}',
      seen jsonb not null,
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null
    )`.execute(db)
  // With collation "C", lower() changes only A to Z, on every operating system.
  await sql`create unique index account_email on account (lower(email))`.execute(db)
  await sql`
    create table credential (
      id uuid primary key,
      account_id uuid not null references account on delete cascade,
      kind text not null check (kind in ('password')),
      secret text not null,
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null
    )`.execute(db)
  await sql`create unique index credential_password on credential (account_id) where kind = 'password'`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table credential`.execute(db)
  await sql`drop table account`.execute(db)
}
