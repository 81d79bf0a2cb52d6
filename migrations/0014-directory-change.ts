import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // A single row: the last change of the whole directory. The newest date of an account would miss removals, and
  // imports have dates of their own.
  await sql`
    create table directory (
      is_only boolean primary key default true check (is_only),
      changed timestamptz(3) not null
    )`.execute(db)
  await sql`insert into directory (changed) values (clock_timestamp())`.execute(db)
  // The index refuses long names. A request has at most 512 characters, so a name cut to 513 matches none.
  await sql`
    create index account_distinguished_name
    on account ((left(lower((profile ->> 'distinguishedName') collate "C"), 513)))`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index account_distinguished_name`.execute(db)
  await sql`drop table directory`.execute(db)
}
