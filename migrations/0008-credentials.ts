import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table credential
      add column name text,
      add column scopes text[] check (scopes <@ array['read', 'write'] and cardinality(scopes) > 0),
      add column expires_at timestamptz(3),
      add column used_at timestamptz(3),
      drop constraint credential_kind_check,
      add constraint credential_kind_check check (kind in ('password', 'app')),
      add constraint credential_app check ((kind = 'app') = (name is not null and scopes is not null))`.execute(db)
  await sql`create unique index credential_secret on credential (secret) where kind = 'app'`.execute(db)
  await sql`create index credential_apps on credential (account_id, id) where kind = 'app'`.execute(db)

  await sql`
    create table wrong_try (
      key text collate "C" primary key,
      tries integer not null,
      blocked_until timestamptz(3),
      forgotten_at timestamptz(3) not null
    )`.execute(db)
  await sql`create index wrong_try_forgotten on wrong_try (forgotten_at)`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table wrong_try`.execute(db)
  await sql`delete from credential where kind = 'app'`.execute(db)
  await sql`drop index credential_apps`.execute(db)
  await sql`drop index credential_secret`.execute(db)
  await sql`
    alter table credential
      drop constraint credential_app,
      drop constraint credential_kind_check,
      add constraint credential_kind_check check (kind in ('password')),
      drop column used_at,
      drop column expires_at,
      drop column scopes,
      drop column name`.execute(db)
}
