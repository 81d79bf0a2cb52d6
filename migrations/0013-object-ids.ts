import { type Kysely, sql } from 'kysely'

/**
 * Allows any string as the id of an application's object. Accounts and the organisation keep UUIDs.
 *
 * Expand: a UUID stays in `context_id`, for servers of the previous release; any other id is in `context_text`.
 * `context_key` is the id in either case. The database generates it, so that rows written by older servers have it too.
 * Older servers keep working. They cannot load an object with another kind of id, and show it without an id. Adding the
 * column rewrites the table once; feeds are not blocked, since they do not read this table.
 *
 * Contract, once no older server runs: make `context_key` an ordinary column; drop `context_id`, `context_text` and the
 * index `connection_context`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table connection
      alter column context_id drop not null,
      add column context_text text collate "C" check (char_length(context_text) between 1 and 128),
      add column context_key text collate "C" not null
        generated always as (coalesce(context_text, context_id::text)) stored,
      add constraint connection_context_once check (num_nonnulls(context_id, context_text) = 1),
      add constraint connection_context_uuid check (
        context_id is not null or context_object not in ('account', 'org'))`.execute(db)

  // Older servers still use the index connection_context for lists.
  await sql`create index connection_context_key on connection (context_object, context_key, id)`.execute(db)
  await uniqueBy(db, sql`context_key`)
  // A partial index, since few connections of an account include share access.
  await sql`
    create index connection_shared on connection (target_id) where state = 'active' and access >= 5`.execute(db)
  // If the context is an account, it may have share access to the target, too.
  await sql`
    create index connection_shared_back on connection (context_key)
    where context_object = 'account' and state = 'active' and reverse_access >= 5`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`delete from connection where context_id is null`.execute(db)
  await sql`drop index connection_shared, connection_shared_back, connection_context_key`.execute(db)
  await uniqueBy(db, sql`context_id`)
  await sql`
    alter table connection
      drop constraint connection_context_uuid,
      drop constraint connection_context_once,
      drop column context_key,
      drop column context_text,
      alter column context_id set not null`.execute(db)
}

type Column = ReturnType<typeof sql>

/** Recreates the unique indexes of `connection`, with this column as the id of the context. */
async function uniqueBy(db: Kysely<unknown>, column: Column): Promise<void> {
  await sql`drop index connection_active, connection_pending, connection_pending_address`.execute(db)
  await sql`
    create unique index connection_active on connection (context_object, ${column}, target_id)
    where state = 'active' and target_id is not null`.execute(db)
  await sql`
    create unique index connection_pending on connection (context_object, ${column}, creator_id, target_id)
    where state = 'pending' and target_id is not null`.execute(db)
  await sql`
    create unique index connection_pending_address on connection (context_object, ${column}, creator_id, target_email)
    where state = 'pending' and target_id is null`.execute(db)
}
