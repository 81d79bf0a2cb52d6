import { type Insertable, sql, type Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import { json } from '../db/prepared.js'
import type { ConnectionTable, Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { asColleagues, type List, listsOf, type Move, type Relationship, type Status } from './model.js'

type Db = Transaction<Tables>

/** A message with its author and date. */
interface Change {
  readonly changedBy: string
  readonly message: string
  readonly moment: Date
}

/** Columns of a connection that the module sets itself. */
type ModuleColumns = Partial<Insertable<ConnectionTable>>

/**
 * Locks all lists of some people until the transaction ends, always in the same order, to prevent deadlocks. Creates
 * missing rows with the creation date of the owner's account. People without an account have no lists.
 *
 * @returns the date for the change: the database's time under lock, or 1 ms after the last change of the lists if that
 *   is later
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
 * Locks every list that shows a person: the person's own lists and those of all peers.
 *
 * @returns as `lockNetworks`; null if the person has no account
 */
export async function lockListsShowing(db: Db, accountId: string): Promise<Date | null> {
  const owners = async () => [...new Set((await findListsShowing(db, accountId)).map(({ ownerId }) => ownerId))]
  const known = await owners()
  const moment = await lockNetworks(db, known)
  // From here on, the person gets no new peers. Lists of peers added since the first read are locked out of
  // order; a deadlock causes a retry.
  const late = (await owners()).filter((ownerId) => !known.includes(ownerId))
  if (late.length === 0) return moment
  return new Date(Math.max(moment.getTime(), (await lockNetworks(db, late)).getTime()))
}

/** Every list that shows a person: the person's own three lists, and one list of each peer. */
export async function findListsShowing(db: Db, accountId: string): Promise<List[]> {
  const { rows } = await sql<List>`
    select ${accountId}::uuid as "ownerId", status
    from unnest(array['accepted', 'pending', 'unconfirmed']) as own (status)
    union all
    select peer_id, case status when 'pending' then 'unconfirmed' when 'unconfirmed' then 'pending' else status end
    from colleague where owner_id = ${accountId}`.execute(db)
  return rows
}

/** Updates the version, date and length of locked lists. */
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
 * Inserts a relationship between two people under lock (`lockNetworks`): the connection and both views.
 *
 * @returns ids of the connection and of the invited person's view
 * @throws Failure `invalid` if an account is gone, `connectionExists` if the two have a connection or an invitation.
 *   The caller must then abort the transaction
 */
export async function insertRelationship(
  db: Db,
  { inviterId, invitedId, isAccepted }: Omit<Relationship, 'connectionId'>,
  { changedBy, message, moment }: Change,
  particulars: ModuleColumns = {},
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
  // All writers insert in the same order: if two people invite each other at the same time, one waits and then finds
  // the other's invitation.
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

/** The sort names of people, by account id. */
async function sortKeys(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  const people = await db.selectFrom('account').select(['id', 'sort']).where('id', 'in', ids).execute()
  if (people.length < ids.length) throw new Failure('invalid', 'One of the two people no longer has an account.')
  return new Map(people.map(({ id, sort }) => [id, sort]))
}

/**
 * Updates both views of a relationship, and its connection. Acceptance removes the token and the expiry of the
 * connection. An accepted relationship never becomes pending again.
 *
 * @param message undefined for no change
 * @param grants the new mutual access; undefined for no change
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
    readonly grants?: Pick<ModuleColumns, 'access' | 'roles'> | undefined
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

/** Deletes connections, and both views of those that are between two accounts. */
export async function deleteRelationships(db: Db, connectionIds: readonly string[]): Promise<void> {
  await sql`delete from colleague where connection_id = any(${connectionIds}::uuid[])`.execute(db)
  await sql`delete from connection where id = any(${connectionIds}::uuid[])`.execute(db)
}
