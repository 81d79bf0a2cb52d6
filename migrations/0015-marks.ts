import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // A release that lacks the migration `name` can still run on the schema if `oldest` is null or a migration that the
  // release has.
  await sql`create table schema_step (name text collate "C" primary key, oldest text collate "C")`.execute(db)
  await sql`insert into schema_step (name) select name from kysely_migration where name >= '0011'`.execute(db)

  // The row with the highest position is for the current token secret. A fingerprint is an HMAC; secrets are not
  // stored.
  await sql`
    create table token_secret (
      fingerprint text primary key,
      position bigint generated always as identity unique
    )`.execute(db)

  await sql`alter table role add column defined boolean not null default false`.execute(db)
  await sql`update role set defined = true where id = 'admin'`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`alter table role drop column defined`.execute(db)
  await sql`drop table token_secret`.execute(db)
  await sql`drop table schema_step`.execute(db)
}
