import { type Insertable, sql, type Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import { json } from '../db/prepared.js'
import type { ConnectionTable, Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { asColleagues, type List, listsOf, type Move, type Relationship, type Status } from './model.js'

type Db = Transaction<Tables>

/** A message and who wrote it last, when. */
interface Change {
  readonly changedBy: string
  readonly message: string
  readonly moment: Date
}

/** What else a connection of two accounts has, where it is made by the module. */
type Particulars = Partial<Insertable<ConnectionTable>>

/**
 * Locks every list of some people until the transaction ends, always in one order, so that no two writers wait for each
 * other. A list that never changed gets its row here, as old as its owner. Whoever has no account has no lists.
 *
 * @returns the moment of the change to come: by the database's clock once all locks are held, and later than anything
 *   that these lists have shown
 */
export async function lockNetworks(db: Db, ownerIds: readonly string[]): Promise<Date> {
  const { rows } = await sql<{ moment: Date }>`
    with locked as (
      insert into network (owner_id, status, changed)
      select account.id, list.status, account.created_at
      from account cross join (values ('accepted'), ('pending'), ('unconfirmed')) as list (status)
      where account.id = any(${ownerIds}::uuid[])
      order by account.id, list.status
      on conflict (owner_id, status) do update set version = network.version
      returning changed, clock_timestamp()::timestamptz(3) as clock
    )
    select greatest(max(changed) + interval '1 ms', max(clock)) as moment from locked`.execute(db)
  return rows[0]?.moment as Date
}

/**
 * Locks every list that shows a person, as `lockNetworks` does: those of the person and of every peer.
 *
 * @returns as `lockNetworks`; null if the person has no account
 */
export async function lockListsShowing(db: Db, accountId: string): Promise<Date | null> {
  const owners = async () => [...new Set((await findListsShowing(db, accountId)).map(({ ownerId }) => ownerId))]
  const known = await owners()
  const moment = await lockNetworks(db, known)
  // Nobody becomes a peer any more. Those who did meanwhile are locked out of order; a clash is done again.
  const late = (await owners()).filter((ownerId) => !known.includes(ownerId))
  if (late.length === 0) return moment
  return new Date(Math.max(moment.getTime(), (await lockNetworks(db, late)).getTime()))
}

/** Every list that shows a person: the three that are their own, and those of their peers in which they stand. */
export async function findListsShowing(db: Db, accountId: string): Promise<List[]> {
  const { rows } = await sql<List>`
    select ${accountId}::uuid as "ownerId", status
    from unnest(array['accepted', 'pending', 'unconfirmed']) as own (status)
    union all
    select peer_id, case status when 'pending' then 'unconfirmed' when 'unconfirmed' then 'pending' else status end
    from colleague where owner_id = ${accountId}`.execute(db)
  return rows
}

/** Moves lists on that are locked: a new version, a new date, and so many entries more or less. */
export async function bumpNetworks(db: Db, moves: readonly Move[], moment: Date): Promise<void> {
  await sql`
    update network set version = version + 1, changed = ${moment}, total = total + move.by
    from (
      select "ownerId" as owner_id, status, sum(by)::integer as by
      from jsonb_to_recordset(${json(moves)}) as move ("ownerId" uuid, status text, by integer)
      group by 1, 2
    ) as move
    where network.owner_id = move.owner_id and network.status = move.status`.execute(db)
}

/**
 * Writes a new relationship between two people whose lists are locked: the connection, and either one's view of it.
 *
 * @returns ids of the connection and of the invited one's view
 * @throws Failure `invalid` where one of them has no account any more, `connectionExists` where the two are connected already; the transaction has to be given up then
 */
export async function insertRelationship(
  db: Db,
  { inviterId, invitedId, isAccepted }: Omit<Relationship, 'connectionId'>,
  { changedBy, message, moment }: Change,
  particulars: Particulars = {},
): Promise<{ connectionId: string; invitedRow: string }> {
  const connectionId = particulars.id ?? newId()
  const invitedRow = newId()
  const [ofInviter, ofInvited] = listsOf({ inviterId, invitedId, isAccepted })
  const sort = await sortKeys(db, [inviterId, invitedId])
  const both = {
    connection_id: connectionId,
    inviter_id: inviterId,
    changed_by: changedBy,
    message,
    updated_at: moment,
  }
  const rows = [
    { ...both, id: newId(), owner_id: inviterId, peer_id: invitedId, status: ofInviter.status },
    { ...both, id: invitedRow, owner_id: invitedId, peer_id: inviterId, status: ofInvited.status },
  ].map((row) => ({ ...row, peer_sort: sort.get(row.peer_id) as string }))
  // One order for all writers: of two invitations that cross, one waits for the other and finds it done.
  rows.sort((one, other) => (one.owner_id < other.owner_id ? -1 : 1))
  const written = await db
    .insertInto('colleague')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['owner_id', 'peer_id']).doNothing())
    .returning('id')
    .execute()
  if (written.length < rows.length) throw new Failure('connectionExists', 'Nothing was changed.')
  await db
    .insertInto('connection')
    .values({
      id: connectionId,
      context_object: 'account',
      context_id: inviterId,
      creator_id: inviterId,
      target_id: invitedId,
      target_email: null,
      state: isAccepted ? 'active' : 'pending',
      access: asColleagues.access,
      token_hash: null,
      expires_at: null,
      uses_remaining: null,
      created_at: moment,
      updated_at: moment,
      applied_at: isAccepted ? moment : null,
      ...particulars,
    })
    .execute()
  return { connectionId, invitedRow }
}

/** By what people's names are ordered in other people's lists. */
async function sortKeys(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  const people = await db.selectFrom('account').select(['id', 'sort']).where('id', 'in', ids).execute()
  if (people.length < ids.length) throw new Failure('invalid', 'One of the two people has no account any more.')
  return new Map(people.map(({ id, sort }) => [id, sort]))
}

/**
 * Rewrites both views of a relationship; once it is accepted it stays so, and its token is of no more use.
 *
 * @param message undefined leaves it as it is
 * @param grants what either has of the other from now on; undefined leaves it as it is
 */
export async function updateRelationship(
  db: Db,
  { connectionId, isAccepted }: Pick<Relationship, 'connectionId' | 'isAccepted'>,
  {
    changedBy,
    message,
    moment,
    grants,
  }: Omit<Change, 'message'> & {
    readonly message?: string
    readonly grants?: Pick<Particulars, 'access' | 'roles'> | undefined
  },
): Promise<void> {
  await db
    .updateTable('colleague')
    .set({
      changed_by: changedBy,
      updated_at: moment,
      ...(message !== undefined && { message }),
      ...(isAccepted && { status: 'accepted' as Status }),
    })
    .where('connection_id', '=', connectionId)
    .execute()
  await db
    .updateTable('connection')
    .set({
      updated_at: moment,
      ...grants,
      ...(isAccepted && {
        state: 'active',
        token_hash: null,
        token_key: null,
        expires_at: null,
        applied_at: sql`coalesce(applied_at, ${moment})`,
      }),
    })
    .where('id', '=', connectionId)
    .execute()
}

/** Deletes relationships with both their views. */
export async function deleteRelationships(db: Db, connectionIds: readonly string[]): Promise<void> {
  await sql`delete from colleague where connection_id = any(${connectionIds}::uuid[])`.execute(db)
  await sql`delete from connection where id = any(${connectionIds}::uuid[])`.execute(db)
}
