import { type Kysely, sql } from 'kysely'

/** Contract, once no older server runs: drop the index `outbox_untried`, used only by older servers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table known_address (
      account_id uuid not null references account on delete cascade,
      hash bytea not null,
      seen_at timestamptz(3) not null,
      primary key (account_id, hash)
    )`.execute(db)
  // For deleting old addresses and e-mails. Deleting old events needs no further index, since their ids begin with the
  // time.
  await sql`create index known_address_age on known_address (seen_at)`.execute(db)
  await sql`
    create index outbox_age on outbox (coalesce(sent_at, dropped_at, dead_at))
    where coalesce(sent_at, dropped_at, dead_at) is not null`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index outbox_age`.execute(db)
  await sql`drop table known_address`.execute(db)
}
