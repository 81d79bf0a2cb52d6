import { sql } from 'kysely'
import { json } from '../db/prepared.js'
import type { AccountTable } from '../db/tables.js'
import { endSessionsOf } from '../identity/session-store.js'
import { sortKey } from '../people/account.js'
import { recordChange, touchProfile } from '../people/change-store.js'
import { foldedEmail } from '../people/merge.js'
import { nameColumns } from '../people/names.js'
import { searchWords } from '../people/search-words.js'
import { type Db, recordOutcomes } from './pairs-store.js'
import type { AccountChange, PeopleChange, StoredAccount } from './people.js'

/** The account columns that import and export read. */
export type AccountRow = Omit<
  AccountTable,
  'profile' | 'seen' | 'created_at' | 'sort' | 'words' | 'search_words' | 'search_of'
> & {
  profile: StoredAccount['known']['profile']
  seen: StoredAccount['known']['seen']
}

export const toMergedPerson = (row: AccountRow): StoredAccount['known'] => ({
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

/** Finds the accounts that may belong to one of these people, or that share a sign-in name with one of them. */
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
  return rows.map((row) => ({ id: row.id, known: toMergedPerson(row), inUse: row.in_use }))
}

/** Reads accounts by their ids. */
export async function findByIds(
  db: Db,
  ids: readonly string[],
): Promise<{ id: string; known: StoredAccount['known'] }[]> {
  const { rows } = await sql<AccountRow>`
    select id, key, user_id, login, email, name, state, external, profile, roles, seen, updated_at
    from account where id = any(${ids}::uuid[])`.execute(db)
  return rows.map((row) => ({ id: row.id, known: toMergedPerson(row) }))
}

/** Writes changed accounts, merges duplicates, and updates sort keys in the lists of connected people. */
export async function putAccounts(
  db: Db,
  { accounts, duplicates }: Pick<PeopleChange, 'accounts' | 'duplicates'>,
): Promise<void> {
  const withPhoto = duplicates.length > 0 ? await mergeDuplicates(db, duplicates) : []
  const written = accounts.filter(({ written }) => written)
  if (written.length > 0) await writeAccounts(db, written)
  await recordOutcomes(db, 'touched_account', accounts)
  const renamed = accounts.filter(({ renamed }) => renamed)
  if (renamed.length > 0) await updateSortKeys(db, renamed)
  for (const { id, moment } of withPhoto) await touchProfile(db, id, moment)
  const visible = [...accounts.filter(({ visible }) => visible), ...withPhoto].map(({ id }) => id)
  if (visible.length > 0) await touchListsOf(db, visible)
  const hasAdded = accounts.some(({ outcome }) => outcome === 'added')
  if (hasAdded || visible.length > 0 || duplicates.length > 0) await recordChange(db)
}

/**
 * Deletes duplicates after moving their connections and photos.
 *
 * @returns the accounts that got a photo, with the time
 */
async function mergeDuplicates(
  db: Db,
  duplicates: PeopleChange['duplicates'],
): Promise<{ id: string; moment: Date }[]> {
  const pairs = json(duplicates.map(({ from, into }) => ({ from_id: from, into_id: into })))
  // If both accounts have the same connection to a context, that of the surviving account stays.
  await sql`
    delete from connection as duplicate
    using jsonb_to_recordset(${pairs}) as duplicates (from_id uuid, into_id uuid), connection as kept
    where duplicate.target_id = from_id and kept.target_id = into_id and kept.state = duplicate.state
      and kept.context_object = duplicate.context_object and kept.context_key = duplicate.context_key
      and (kept.state = 'active' or kept.creator_id = duplicate.creator_id)`.execute(db)
  await sql`
    update connection set target_id = into_id
    from jsonb_to_recordset(${pairs}) as duplicates (from_id uuid, into_id uuid)
    where target_id = from_id`.execute(db)
  const { rows: withPhoto } = await sql<{ id: string; moment: Date }>`
    insert into photo (account_id, type, bytes, updated_at)
    select distinct on (into_id) into_id, type, bytes, updated_at
    from jsonb_to_recordset(${pairs}) as duplicates (from_id uuid, into_id uuid) join photo on account_id = from_id
    order by into_id, updated_at desc
    on conflict do nothing
    returning account_id as id, clock_timestamp()::timestamptz(3) as moment`.execute(db)
  const gone = duplicates.map(({ from }) => from)
  await sql`delete from account where id = any(${gone}::uuid[])`.execute(db)
  await sql`delete from touched_account where id = any(${gone}::uuid[])`.execute(db)
  return withPhoto
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
  // Sign-in names may move between accounts, and unique indexes check row by row, so old names are cleared first. The
  // placeholder of a user id is unique, since no user id begins with a space.
  const existing = accounts.filter(({ outcome }) => outcome !== 'added').map(({ id }) => id)
  await sql`update account set login = null, email = null where id = any(${existing}::uuid[])`.execute(db)
  const changing = accounts.filter(({ userIdChanged }) => userIdChanged).map(({ id }) => id)
  if (changing.length > 0) {
    await sql`update account set user_id = ' ' || id where id = any(${changing}::uuid[])`.execute(db)
  }
  await sql`
    insert into account (id, key, user_id, login, email, name, state, external, profile, roles, seen,
      created_at, updated_at, sort, words, search_words, search_of)
    select id, key, user_id, login, email, name, state, external, profile,
      array(select jsonb_array_elements_text(input.roles)), seen, clock_timestamp(), updated_at, sort, words,
      search_words, updated_at
    from jsonb_to_recordset(${rows}) as input (id uuid, key uuid, user_id text, login text, email text, name text,
      state text, external boolean, profile jsonb, roles jsonb, seen jsonb, updated_at timestamptz,
      sort text, words tsvector, search_words tsvector)
    on conflict (id) do update set key = excluded.key, user_id = excluded.user_id, login = excluded.login,
      email = excluded.email, name = excluded.name, state = excluded.state, external = excluded.external,
      profile = excluded.profile, roles = excluded.roles, seen = excluded.seen,
      updated_at = excluded.updated_at, sort = excluded.sort, words = excluded.words,
      search_words = excluded.search_words, search_of = excluded.search_of`.execute(db)
  // Disabling an account ends its sessions, since the reason may be a stolen browser session.
  const disabled = accounts.filter(({ known }) => known.state === 'inactive').map(({ id }) => id)
  if (disabled.length > 0) await endSessionsOf(db, disabled)
}

/** The lists that contain a person belong to the peers in the person's own rows. */
async function updateSortKeys(db: Db, accounts: readonly AccountChange[]): Promise<void> {
  const names = json(accounts.map(({ id, known }) => ({ id, sort: sortKey(known.name) })))
  await sql`
    update colleague as row set peer_sort = input.sort
    from jsonb_to_recordset(${names}) as input (id uuid, sort text)
      join colleague as own on own.owner_id = input.id
    where row.owner_id = own.peer_id and row.peer_id = input.id`.execute(db)
}

async function touchListsOf(db: Db, accountIds: readonly string[]): Promise<void> {
  await sql`
    insert into touched_list (owner_id, status)
    select id, status from touched_account, unnest(array['accepted', 'pending', 'unconfirmed']) as status
    where id = any(${accountIds}::uuid[]) and outcome <> 'added'
    union
    select peer_id, case status when 'pending' then 'unconfirmed' when 'unconfirmed' then 'pending' else status end
    from colleague where owner_id = any(${accountIds}::uuid[])
    on conflict do nothing`.execute(db)
}
