import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // A single row with the time of the last change to the directory. The newest `updated_at` of all accounts would not
  // do: it misses deletions, and imports can set it to a past date.
  await sql`
    create table directory (
      is_only boolean primary key default true check (is_only),
      changed timestamptz(3) not null
    )`.execute(db)
  await sql`insert into directory (changed) values (clock_timestamp())`.execute(db)
  // A distinguished name may be too long for an index, so it is cut to 513 characters. A name in a request has at most
  // 512 characters, so a name that was cut matches no request.
  await sql`
    create index account_distinguished_name
    on account ((left(lower((profile ->> 'distinguishedName') collate "C"), 513)))`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index account_distinguished_name`.execute(db)
  await sql`drop table directory`.execute(db)
}
