import { sql } from 'kysely'
import { json } from '../db/prepared.js'
import type { AccountTable } from '../db/tables.js'
import { endSessionsOf } from '../identity/session-store.js'
import { sortKey } from '../people/account.js'
import { recordChange, touchProfile } from '../people/change-store.js'
import { foldedEmail } from '../people/merge.js'
import { nameColumns } from '../people/names.js'
import { searchWords } from '../people/search-words.js'
import { type Db, noteFates } from './pairs-store.js'
import type { AccountChange, PeopleChange, StoredAccount } from './people.js'

/** An account as the import and the export read it. */
export type AccountRow = Omit<
  AccountTable,
  'profile' | 'seen' | 'created_at' | 'sort' | 'words' | 'search_words' | 'search_of'
> & {
  profile: StoredAccount['known']['profile']
  seen: StoredAccount['known']['seen']
}

/** What a row says of its person. */
export const toKnown = (row: AccountRow): StoredAccount['known'] => ({
  key: row.key,
  userId: row.user_id,
  login: row.login,
  email: row.email,
  name: row.name,
  state: row.state,
  external: row.external,
  profile: row.profile,
  roles: row.roles,
  updated: row.updated_at,
  seen: row.seen,
})

/** Finds the accounts that any of these people may be or have a name in common with. */
export async function findAccounts(
  db: Db,
  people: readonly Pick<StoredAccount['known'], 'key' | 'userId' | 'login' | 'email'>[],
): Promise<StoredAccount[]> {
  const keys = people.map(({ key }) => key)
  const names = people.flatMap(({ userId, login, email }) => [userId, login, email].filter((each) => each !== null))
  const folded = names.map(foldedEmail)
  const all = [...new Set([...names, ...folded])]
  const { rows } = await sql<AccountRow & { in_use: boolean }>`
    select id, key, user_id, login, email, name, state, external, profile, roles, seen, updated_at,
      exists (select from connection where creator_id = account.id)
        or exists (select from colleague where owner_id = account.id)
        or exists (select from credential where account_id = account.id) as in_use
    from account where id in (
      select id from account where key = any(${keys}::uuid[])
      union all select id from account where id = any(${keys}::uuid[])
      union all select id from account where user_id = any(${all}::text[])
      union all select id from account where login = any(${all}::text[])
      union all select id from account where lower(email) = any(${folded}::text[]))`.execute(db)
  return rows.map((row) => ({ id: row.id, known: toKnown(row), inUse: row.in_use }))
}

/** Reads accounts by their ids. */
export async function findByIds(
  db: Db,
  ids: readonly string[],
): Promise<{ id: string; known: StoredAccount['known'] }[]> {
  const { rows } = await sql<AccountRow>`
    select id, key, user_id, login, email, name, state, external, profile, roles, seen, updated_at
    from account where id = any(${ids}::uuid[])`.execute(db)
  return rows.map((row) => ({ id: row.id, known: toKnown(row) }))
}

/** Writes what became of accounts, also where their names stand in other people's lists. */
export async function putAccounts(
  db: Db,
  { accounts, absorbed }: Pick<PeopleChange, 'accounts' | 'absorbed'>,
): Promise<void> {
  const pictured = absorbed.length > 0 ? await absorb(db, absorbed) : []
  const written = accounts.filter(({ written }) => written)
  if (written.length > 0) await writeAccounts(db, written)
  await noteFates(db, 'touched_account', accounts)
  const renamed = accounts.filter(({ renamed }) => renamed)
  if (renamed.length > 0) await rename(db, renamed)
  for (const { id, moment } of pictured) await touchProfile(db, id, moment)
  const visible = [...accounts.filter(({ visible }) => visible), ...pictured].map(({ id }) => id)
  if (visible.length > 0) await noteListsOf(db, visible)
  const come = accounts.some(({ fate }) => fate === 'added')
  if (come || visible.length > 0 || absorbed.length > 0) await recordChange(db)
}

/** @returns who took over a picture, and when */
async function absorb(db: Db, absorbed: PeopleChange['absorbed']): Promise<{ id: string; moment: Date }[]> {
  const pairs = json(absorbed.map(({ from, into }) => ({ from_id: from, into_id: into })))
  // What both were granted alike is granted once: the other's stays.
  await sql`
    delete from connection as double
    using jsonb_to_recordset(${pairs}) as absorbed (from_id uuid, into_id uuid), connection as kept
    where double.target_id = from_id and kept.target_id = into_id and kept.state = double.state
      and kept.context_object = double.context_object and kept.context_key = double.context_key
      and (kept.state = 'active' or kept.creator_id = double.creator_id)`.execute(db)
  await sql`
    update connection set target_id = into_id
    from jsonb_to_recordset(${pairs}) as absorbed (from_id uuid, into_id uuid)
    where target_id = from_id`.execute(db)
  const { rows: pictured } = await sql<{ id: string; moment: Date }>`
    insert into photo (account_id, type, bytes, updated_at)
    select distinct on (into_id) into_id, type, bytes, updated_at
    from jsonb_to_recordset(${pairs}) as absorbed (from_id uuid, into_id uuid) join photo on account_id = from_id
    order by into_id, updated_at desc
    on conflict do nothing
    returning account_id as id, clock_timestamp()::timestamptz(3) as moment`.execute(db)
  const gone = absorbed.map(({ from }) => from)
  await sql`delete from account where id = any(${gone}::uuid[])`.execute(db)
  await sql`delete from touched_account where id = any(${gone}::uuid[])`.execute(db)
  return pictured
}

async function writeAccounts(db: Db, accounts: readonly AccountChange[]): Promise<void> {
  const rows = json(
    accounts.map(({ id, known: { userId, updated, ...columns } }) => ({
      id,
      user_id: userId,
      ...columns,
      updated_at: updated,
      ...nameColumns(columns.name),
      search_words: searchWords({ userId, ...columns }),
    })),
  )
  // A name may pass from one account to another, and an index looks at one row at a time. No user id begins with a space.
  const kept = accounts.filter(({ fate }) => fate !== 'added').map(({ id }) => id)
  await sql`update account set login = null, email = null where id = any(${kept}::uuid[])`.execute(db)
  const moved = accounts.filter((each) => each.moved).map(({ id }) => id)
  if (moved.length > 0) {
    await sql`update account set user_id = ' ' || id where id = any(${moved}::uuid[])`.execute(db)
  }
  await sql`
    insert into account (id, key, user_id, login, email, name, state, external, profile, roles, seen,
      created_at, updated_at, sort, words, search_words, search_of)
    select id, key, user_id, login, email, name, state, external, profile,
      array(select jsonb_array_elements_text(said.roles)), seen, clock_timestamp(), updated_at, sort, words, search_words,
      updated_at
    from jsonb_to_recordset(${rows}) as said (id uuid, key uuid, user_id text, login text, email text, name text,
      state text, external boolean, profile jsonb, roles jsonb, seen jsonb, updated_at timestamptz,
      sort text, words tsvector, search_words tsvector)
    on conflict (id) do update set key = excluded.key, user_id = excluded.user_id, login = excluded.login,
      email = excluded.email, name = excluded.name, state = excluded.state, external = excluded.external,
      profile = excluded.profile, roles = excluded.roles, seen = excluded.seen,
      updated_at = excluded.updated_at, sort = excluded.sort, words = excluded.words,
      search_words = excluded.search_words, search_of = excluded.search_of`.execute(db)
  // Whoever is enabled again has to sign in again: a browser that was the reason may be in other hands.
  const disabled = accounts.filter(({ known }) => known.state === 'inactive').map(({ id }) => id)
  if (disabled.length > 0) await endSessionsOf(db, disabled)
}

/** Every list of a person has a row for each of its peers, so the person's own rows tell which lists hold the name. */
async function rename(db: Db, accounts: readonly AccountChange[]): Promise<void> {
  const names = json(accounts.map(({ id, known }) => ({ id, sort: sortKey(known.name) })))
  await sql`
    update colleague as row set peer_sort = said.sort
    from jsonb_to_recordset(${names}) as said (id uuid, sort text)
      join colleague as own on own.owner_id = said.id
    where row.owner_id = own.peer_id and row.peer_id = said.id`.execute(db)
}

async function noteListsOf(db: Db, accountIds: readonly string[]): Promise<void> {
  await sql`
    insert into touched_list (owner_id, status)
    select id, status from touched_account, unnest(array['accepted', 'pending', 'unconfirmed']) as status
    where id = any(${accountIds}::uuid[]) and fate <> 'added'
    union
    select peer_id, case status when 'pending' then 'unconfirmed' when 'unconfirmed' then 'pending' else status end
    from colleague where owner_id = any(${accountIds}::uuid[])
    on conflict do nothing`.execute(db)
}
