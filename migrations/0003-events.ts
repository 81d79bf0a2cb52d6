import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table connection_event (
      id uuid primary key,
      connection_id uuid not null,
      actor_id uuid,
      verb text not null,
      at timestamptz(3) not null,
      detail jsonb not null default '{}'
    )`.execute(db)
  await sql`create index connection_event_connection on connection_event (connection_id, id)`.execute(db)

  await sql`
    create table outbox (
      id uuid primary key,
      kind text not null,
      recipient_id uuid not null,
      payload jsonb not null default '{}',
      created_at timestamptz(3) not null,
      due_at timestamptz(3) not null,
      attempts integer not null default 0,
      sent_at timestamptz(3)
    )`.execute(db)
  await sql`create index outbox_due on outbox (due_at, id) where sent_at is null`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table outbox`.execute(db)
  await sql`drop table connection_event`.execute(db)
}
