import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // The `reverse` columns are the rights of the context, if it is an account, on the target's account. The default is
  // the rights of colleagues.
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
 * Before this migration, two accounts always had equal rights on each other, so an upgrade raised the rights of both.
 * For upgraded connections, this reduces the target's rights to those that the context offered, but not below those of
 * colleagues.
 */
async function lower(db: Kysely<unknown>): Promise<void> {
  await sql`
    update connection as c set
      access = least(c.access, greatest(2, (
        select max((e.detail ->> 'access')::smallint) from connection_event as e
        where e.connection_id = c.id and ${offers}
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

/** Whether event `e` is an offer of rights by the context. */
const offers = sql<boolean>`
  e.detail ? 'object' and (e.verb in ('invited', 'refreshed')
    or e.verb = 'connected' and e.detail ->> 'before' is null)`

/** Whether event `e` may have raised the rights of both accounts. */
const raises = sql<boolean>`
  e.detail ? 'object' and (e.verb = 'upgraded' or e.verb = 'connected' and e.detail ->> 'before' is not null
    or e.verb = 'accepted' and e.actor_id = c.context_id)`
