import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // How many invitations somebody made lately is counted by what is kept of them: connections can be deleted again.
  await sql`
    create index connection_event_invited on connection_event (actor_id, at)
    where verb = 'invited' and detail ? 'object'`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop index connection_event_invited`.execute(db)
}
