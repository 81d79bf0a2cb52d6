import { type Kysely, sql } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Status, Tables } from '../../src/db/tables.js'
import { sortKey } from '../../src/people/account.js'
import { nameColumns } from '../../src/people/names.js'
import { searchWords } from '../../src/people/search-words.js'

type Db = Kysely<Tables>

/** A hash of the password `colleagues` that is quick to verify. */
export const signInSecret =
  '$argon2id$v=19$m=8,t=1,p=1$qXasqy2bDzNJGIS1bqOlEQ$R2lDbcuTkve749qEC+FRVIro6BoP8vvNr7K+0aSHwCA'

/** Inserts a person; defaults derive from the user id. Returns the account id. */
export async function addPerson(
  db: Db,
  userId: string,
  more: {
    name?: string
    email?: string | null
    login?: string
    profile?: object
    updated?: Date
    password?: string
  } = {},
): Promise<string> {
  const id = newId()
  const updated = more.updated ?? new Date('2026-01-01T00:00:00Z')
  const email = more.email === undefined ? `${userId}@example.com` : more.email
  const { name = userId, login = null, profile = {} } = more
  await db
    .insertInto('account')
    .values({
      id,
      key: id,
      user_id: userId,
      login,
      email,
      name,
      state: 'active',
      external: false,
      profile: JSON.stringify(profile),
      roles: [],
      seen: '{}',
      created_at: updated,
      updated_at: updated,
      ...nameColumns(name),
      search_words: searchWords({ userId, login, email, name, profile }),
      search_of: updated,
    })
    .execute()
  if (more.password !== undefined) {
    const credential = { id: newId(), account_id: id, kind: 'password' as const, secret: more.password }
    await db
      .insertInto('credential')
      .values({ ...credential, created_at: updated, updated_at: updated })
      .execute()
  }
  return id
}

/** Inserts a connection between two accounts with both rows. Returns the id of the inviter's row. */
export async function connect(
  db: Db,
  inviter: string,
  invitee: string,
  how: 'accepted' | 'invited',
  { updated = new Date('2026-02-01T00:00:00Z'), message = '', id = newId() } = {},
): Promise<string> {
  const connectionId = newId()
  const names = await db.selectFrom('account').select(['id', 'name']).where('id', 'in', [inviter, invitee]).execute()
  const sort = (of: string) => sortKey(names.find((each) => each.id === of)?.name ?? '')
  const both = {
    connection_id: connectionId,
    inviter_id: inviter,
    changed_by: how === 'accepted' ? invitee : inviter,
    message,
    updated_at: updated,
  }
  const isAccepted = how === 'accepted'
  const theirs = { own: isAccepted ? 'accepted' : 'unconfirmed', other: isAccepted ? 'accepted' : 'pending' } as const
  await db
    .insertInto('connection')
    .values({
      id: connectionId,
      context_object: 'account',
      context_id: inviter,
      creator_id: inviter,
      target_id: invitee,
      target_email: null,
      state: isAccepted ? 'active' : 'pending',
      access: 2,
      token_hash: null,
      expires_at: null,
      uses_remaining: null,
      created_at: updated,
      updated_at: updated,
      applied_at: isAccepted ? updated : null,
    })
    .execute()
  await db
    .insertInto('colleague')
    .values([
      { ...both, id, owner_id: inviter, peer_id: invitee, status: theirs.own, peer_sort: sort(invitee) },
      { ...both, id: newId(), owner_id: invitee, peer_id: inviter, status: theirs.other, peer_sort: sort(inviter) },
    ])
    .execute()
  await touch(db, inviter, theirs.own)
  await touch(db, invitee, theirs.other)
  return id
}

/** Deletes the connection of a row, with both rows. */
export async function disconnect(db: Db, rowId: string): Promise<void> {
  const { connection_id } = await db
    .selectFrom('colleague')
    .select('connection_id')
    .where('id', '=', rowId)
    .executeTakeFirstOrThrow()
  const rows = await db
    .deleteFrom('colleague')
    .where('connection_id', '=', connection_id)
    .returning(['owner_id', 'status'])
    .execute()
  await db.deleteFrom('connection').where('id', '=', connection_id).execute()
  for (const { owner_id, status } of rows) await touch(db, owner_id, status)
}

/** Gives a list a new version. */
export async function touch(db: Db, ownerId: string, status: Status): Promise<void> {
  await sql`
    insert into network (owner_id, status, version, changed, total)
    select ${ownerId}::uuid, ${status}, 1, clock_timestamp(), count(*)
    from colleague where owner_id = ${ownerId} and status = ${status}
    on conflict (owner_id, status) do update set
      version = network.version + 1,
      changed = greatest(clock_timestamp(), network.changed + interval '1 ms'),
      total = excluded.total`.execute(db)
}
