import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // `recipient_id` is null if the invited address has no account. `creator_id` allows e-mails to be counted for each
  // creator even after their connections are deleted.
  await sql`alter table outbox alter column recipient_id drop not null, add column creator_id uuid`.execute(db)
  await sql`create index outbox_creator on outbox (creator_id, created_at) where creator_id is not null`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`delete from outbox where recipient_id is null`.execute(db)
  await sql`drop index outbox_creator`.execute(db)
  await sql`alter table outbox drop column creator_id, alter column recipient_id set not null`.execute(db)
}
