import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table connection (
      id uuid primary key,
      context_object text not null,
      context_id uuid not null,
      creator_id uuid not null,
      target_id uuid,
      target_email text collate "C",
      state text not null check (state in ('pending', 'active')),
      access smallint not null check (access between 0 and 7),
      roles text[] not null default '{}',
      token_hash bytea unique,
      expires_at timestamptz(3),
      uses_remaining integer check (uses_remaining > 0),
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      applied_at timestamptz(3)
    )`.execute(db)
  await sql`create index connection_context on connection (context_object, context_id, id)`.execute(db)

  // `peer_id` is not a foreign key: in future, the peer could be on another server.
  await sql`
    create table colleague (
      id uuid primary key,
      owner_id uuid not null references account on delete cascade,
      peer_id uuid not null check (peer_id <> owner_id),
      connection_id uuid not null,
      status text not null check (status in ('accepted', 'pending', 'unconfirmed')),
      inviter_id uuid not null check (inviter_id in (owner_id, peer_id)),
      changed_by uuid not null check (changed_by in (owner_id, peer_id)),
      message text not null,
      peer_sort text collate "C" not null,
      updated_at timestamptz(3) not null,
      unique (owner_id, peer_id)
    )`.execute(db)
  await sql`create index colleague_by_change on colleague (owner_id, status, updated_at, id)`.execute(db)
  await sql`create index colleague_by_name on colleague (owner_id, status, peer_sort, id)`.execute(db)
  await sql`create index colleague_connection on colleague (connection_id)`.execute(db)

  await sql`
    create table network (
      owner_id uuid not null references account on delete cascade,
      status text not null check (status in ('accepted', 'pending', 'unconfirmed')),
      version bigint not null default 0,
      changed timestamptz(3) not null,
      total integer not null default 0 check (total >= 0),
      primary key (owner_id, status)
    )`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table network`.execute(db)
  await sql`drop table colleague`.execute(db)
  await sql`drop table connection`.execute(db)
}
