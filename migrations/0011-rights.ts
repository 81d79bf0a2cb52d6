import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // What the context has of an account that is its target: what colleagues have, unless more was given on purpose.
  await sql`
    alter table connection
      add column reverse_access smallint not null default 2,
      add column reverse_roles text[] not null default '{}',
      add column skipped_access smallint,
      add column skipped_roles text[] not null default '{}'`.execute(db)
  await lower(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table connection
      drop column reverse_access,
      drop column reverse_roles,
      drop column skipped_access,
      drop column skipped_roles`.execute(db)
}

/**
 * Until now two accounts had the same of each other, and a connection was raised without regard to whose account was
 * offered. If that happened, the target keeps what invitations of the context offered, and no more than colleagues
 * have otherwise.
 */
async function lower(db: Kysely<unknown>): Promise<void> {
  await sql`
    update connection as c set
      access = least(c.access, greatest(2, (
        select max((e.detail ->> 'access')::smallint) from connection_event as e where e.connection_id = c.id and ${offers}
      ))),
      roles = array(
        select role from unnest(c.roles) as role where exists (
          select from connection_event as e where e.connection_id = c.id and ${offers} and e.detail -> 'roles' ? role
        )
      )
    where c.context_object = 'account' and c.state = 'active' and c.target_id is not null
      and (c.access > 2 or c.roles <> '{}')
      and exists (select from connection_event as e where e.connection_id = c.id and ${raises})`.execute(db)
}

/** The context offered this. */
const offers = sql<boolean>`
  e.detail ? 'object' and (e.verb in ('invited', 'refreshed') or e.verb = 'connected' and e.detail ->> 'before' is null)`

/** The connection got more, perhaps by what its target offered. */
const raises = sql<boolean>`
  e.detail ? 'object' and (e.verb = 'upgraded' or e.verb = 'connected' and e.detail ->> 'before' is not null
    or e.verb = 'accepted' and e.actor_id = c.context_id)`
