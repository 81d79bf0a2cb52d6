import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // For counting a person's recent invitations through either API, including those of deleted connections. Older
  // servers use `connection_event_invited`.
  await sql`
    create index connection_event_counted on connection_event (actor_id, at)
    where verb = 'invited' and not detail ? 'skipAcl'`.execute(db)
  // The time of the last e-mail about a person to an address. A row is needed for one day.
  await sql`
    create table mailed (
      about_id uuid not null,
      address text collate "C" not null,
      letter_id uuid not null,
      at timestamptz(3) not null,
      primary key (about_id, address)
    )`.execute(db)
  await sql`create index mailed_at on mailed (at)`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table mailed`.execute(db)
  await sql`drop index connection_event_counted`.execute(db)
}
