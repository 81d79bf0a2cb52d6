import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // Recent invitations are counted from events, since connections can be deleted.
  await sql`
    create index connection_event_invited on connection_event (actor_id, at)
    where verb = 'invited' and detail ? 'object'`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index connection_event_invited`.execute(db)
}
