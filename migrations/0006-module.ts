import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table account add column verified boolean not null default true`.execute(db)
  await sql`
    alter table connection
      add column target_first text,
      add column target_last text,
      add column token_key text,
      add column app_key text,
      add column skipped_acl boolean not null default false,
      add column mailed_at timestamptz(3),
      drop constraint connection_uses_remaining_check,
      add constraint connection_uses_remaining_check check (uses_remaining >= 0)`.execute(db)

  // One lookup in this index finds the rights of an account on an object. A connection between two accounts has one of
  // them as its context and the other as its target.
  await sql`
    create unique index connection_active on connection (context_object, context_id, target_id)
    where state = 'active' and target_id is not null`.execute(db)
  await sql`
    create unique index connection_pending on connection (context_object, context_id, creator_id, target_id)
    where state = 'pending' and target_id is not null`.execute(db)
  await sql`
    create unique index connection_pending_address
    on connection (context_object, context_id, creator_id, target_email)
    where state = 'pending' and target_id is null`.execute(db)

  // For the lists of a creator, a target and an invited address, in the order of ids. The lists of a context use
  // connection_context.
  await sql`create index connection_creator on connection (creator_id, id)`.execute(db)
  await sql`create index connection_target on connection (target_id, id) where target_id is not null`.execute(db)
  await sql`create index connection_address on connection (target_email, id) where target_id is null`.execute(db)
  await sql`create index connection_expiry on connection (expires_at) where expires_at is not null`.execute(db)

  await sql`create table role (id text primary key)`.execute(db)
  await sql`insert into role select 'admin' union select unnest(roles) from account`.execute(db)
  await sql`create table app (key text primary key, base_url text)`.execute(db)
  await sql`create table org (id uuid primary key, name text not null)`.execute(db)
  await sql`insert into org values ('01900000-0000-7000-8000-000000000001', 'Organisation')`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table org`.execute(db)
  await sql`drop table app`.execute(db)
  await sql`drop table role`.execute(db)
  for (const index of ['expiry', 'address', 'target', 'creator', 'pending_address', 'pending', 'active']) {
    await sql`drop index ${sql.id(`connection_${index}`)}`.execute(db)
  }
  await sql`delete from connection where uses_remaining = 0`.execute(db)
  await sql`
    alter table connection
      drop constraint connection_uses_remaining_check,
      add constraint connection_uses_remaining_check check (uses_remaining > 0),
      drop column mailed_at,
      drop column skipped_acl,
      drop column app_key,
      drop column token_key,
      drop column target_last,
      drop column target_first`.execute(db)
  await sql`alter table account drop column verified`.execute(db)
}
