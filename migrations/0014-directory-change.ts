import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // A single row: the time of the last change to the directory. The newest `updated_at` of an account cannot replace
  // it, since it misses deletions, and imports set `updated_at` to earlier times.
  await sql`
    create table directory (
      is_only boolean primary key default true check (is_only),
      changed timestamptz(3) not null
    )`.execute(db)
  await sql`insert into directory (changed) values (clock_timestamp())`.execute(db)
  // Long names do not fit in an index. A name in a request has at most 512 characters, so a name cut to 513 characters
  // matches no request.
  await sql`
    create index account_distinguished_name
    on account ((left(lower((profile ->> 'distinguishedName') collate "C"), 513)))`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index account_distinguished_name`.execute(db)
  await sql`drop table directory`.execute(db)
}
