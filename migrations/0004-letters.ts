import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // A finished row has exactly one of sent_at, dropped_at and dead_at. `error` is the last failure.
  await sql`
    alter table outbox
      add column dropped_at timestamptz(3),
      add column dead_at timestamptz(3),
      add column error text,
      add constraint outbox_ends_once check (num_nonnulls(sent_at, dropped_at, dead_at) <= 1)`.execute(db)
  await sql`drop index outbox_due`.execute(db)
  await sql`
    create index outbox_due on outbox (due_at, id)
    where sent_at is null and dropped_at is null and dead_at is null`.execute(db)
  // If no mail server is set, rows stay unfinished: a server of this release only logs each row once, and counts that
  // as an attempt. This index finds the rows that are not logged yet.
  await sql`
    create index outbox_untried on outbox (due_at, id)
    where sent_at is null and dropped_at is null and dead_at is null and attempts = 0`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index outbox_untried`.execute(db)
  await sql`drop index outbox_due`.execute(db)
  await sql`
    alter table outbox
      drop constraint outbox_ends_once,
      drop column error,
      drop column dead_at,
      drop column dropped_at`.execute(db)
  await sql`create index outbox_due on outbox (due_at, id) where sent_at is null`.execute(db)
}
