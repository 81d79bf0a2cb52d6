import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // One row: the last change of the directory as a whole. The newest date of an account would not tell of a removal,
  // and an import brings dates of its own.
  await sql`
    create table directory (
      is_only boolean primary key default true check (is_only),
      changed timestamptz(3) not null
    )`.execute(db)
  await sql`insert into directory (changed) values (clock_timestamp())`.execute(db)
  // A request names at most 512 characters, so a longer name can be cut to fit the index and is still nobody's.
  await sql`
    create index account_distinguished_name
    on account ((left(lower((profile ->> 'distinguishedName') collate "C"), 513)))`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index account_distinguished_name`.execute(db)
  await sql`drop table directory`.execute(db)
}
