import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // Code can run on a schema with a step if it knows the step `oldest`; any code can if that is null.
  await sql`create table schema_step (name text collate "C" primary key, oldest text collate "C")`.execute(db)
  await sql`insert into schema_step (name) select name from kysely_migration where name >= '0011'`.execute(db)

  // The highest position is the current token secret. The database has only an HMAC of a secret.
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
