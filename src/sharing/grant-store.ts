import { type Insertable, type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { lockNetworks } from '../connections/write-store.js'
import { inBatches } from '../db/batches.js'
import { json } from '../db/prepared.js'
import type { ConnectionTable, Tables } from '../db/tables.js'
import { contextColumns, type Grant, isAllSkipped, tokenHash, type TokenKeys, tokenOf } from './grant.js'

type Db = Kysely<Tables>

/** The columns of a `Grant`, selected from `connection as c`. */
export const grantColumns = sql`
  c.id, c.context_object as object, c.context_key as "contextId", c.creator_id as "creatorId",
  c.target_id as "targetId", c.target_email as "targetEmail", c.target_first as "targetFirst",
  c.target_last as "targetLast", c.state, c.access, c.roles,
  c.reverse_access as "reverseAccess", c.reverse_roles as "reverseRoles",
  case when c.skipped_acl then c.access else c.skipped_access end as "skippedAccess",
  case when c.skipped_acl then c.roles else c.skipped_roles end as "skippedRoles",
  c.token_key as "tokenKey", c.app_key as "appKey", c.expires_at as "expiresAt", c.uses_remaining as "usesRemaining",
  c.created_at as created, c.updated_at as updated`

/** Whether a row has not expired, by the clock of the database. Expired rows are invisible (docs/trust.md, C6). */
export const isAlive = sql<boolean>`(c.expires_at is null or c.expires_at > clock_timestamp())`

async function select(db: Db, condition: RawBuilder<boolean>): Promise<Grant[]> {
  const { rows } = await sql<Grant>`
    select ${grantColumns} from connection as c where ${isAlive} and ${condition} order by c.id`.execute(db)
  return rows
}

/** Finds a connection by its id. */
export const findGrant = async (db: Db, id: string): Promise<Grant | undefined> =>
  (await select(db, sql`c.id = ${id}`))[0]

/** Finds a connection by the hash of its token. */
export const findByToken = async (db: Db, hash: Uint8Array): Promise<Grant | undefined> =>
  (await select(db, sql`c.token_hash = ${hash}`))[0]

/** The active connections of an account with contexts of one type, with one index look-up per context. */
export function findActive(db: Db, object: string, contextIds: readonly string[], accountId: string): Promise<Grant[]> {
  const orReversed = sql`or (c.context_key = ${accountId} and c.target_id = any(${contextIds}::uuid[]))`
  return select(
    db,
    sql`c.state = 'active' and c.context_object = ${object} and (
      (c.context_key = any(${contextIds}::text[]) and c.target_id = ${accountId})
      ${object === 'account' ? orReversed : sql``})`,
  )
}

/** All connections of a context with a target; between two accounts, in both directions. */
export const findBetween = (
  db: Db,
  { object, contextId }: Pick<Grant, 'object' | 'contextId'>,
  { id, email }: { readonly id: string | null; readonly email: string | null },
) =>
  select(
    db,
    sql`c.context_object = ${object} and (
      (c.context_key = ${contextId} and (c.target_id = ${id} or (c.target_id is null and c.target_email = ${email})))
      ${object === 'account' && id !== null ? sql`or (c.context_key = ${id} and c.target_id = ${contextId})` : sql``})`,
  )

/**
 * Locks the connections of a context until the transaction ends.
 *
 * @param accountIds the targets. They are also locked if the context is an account
 * @returns the date for the following change, by the clock of the database
 */
export async function lockContext(
  db: Transaction<Tables>,
  { object, contextId }: Pick<Grant, 'object' | 'contextId'>,
  accountIds: readonly string[],
): Promise<Date> {
  if (object === 'account') return lockNetworks(db, [...new Set([contextId, ...accountIds])])
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${object} ${contextId}`}, 0))`.execute(db)
  const { rows } = await sql<{ moment: Date }>`select clock_timestamp()::timestamptz(3) as moment`.execute(db)
  return rows[0]?.moment as Date
}

/** A new connection in its stored form. */
export interface NewGrant extends Omit<Grant, 'created' | 'updated'> {
  readonly tokenHash: Uint8Array | null
}

/** Inserts a new connection. For a connection of two accounts, use `insertRelationship` instead. */
export async function insertGrant(db: Transaction<Tables>, grant: NewGrant, moment: Date): Promise<void> {
  // An expired invitation that has not been swept yet would violate the unique index.
  await sql`
    delete from connection as c
    where c.context_object = ${grant.object} and c.context_key = ${grant.contextId}
      and c.creator_id = ${grant.creatorId} and c.state = 'pending' and c.expires_at <= clock_timestamp()
      and (c.target_id = ${grant.targetId} or (c.target_id is null and c.target_email = ${grant.targetEmail}))`.execute(
    db,
  )
  await db.insertInto('connection').values(rowOf(grant, moment)).execute()
}

/** The row of a new connection. */
export const rowOf = (grant: NewGrant, moment: Date): Insertable<ConnectionTable> => ({
  id: grant.id,
  context_object: grant.object,
  ...contextColumns(grant.contextId),
  creator_id: grant.creatorId,
  target_id: grant.targetId,
  target_email: grant.targetEmail,
  target_first: grant.targetFirst,
  target_last: grant.targetLast,
  state: grant.state,
  ...grantingColumns(grant),
  token_hash: grant.tokenHash,
  token_key: grant.tokenKey,
  app_key: grant.appKey,
  expires_at: grant.expiresAt,
  uses_remaining: grant.usesRemaining,
  created_at: moment,
  updated_at: moment,
  applied_at: grant.state === 'active' ? moment : null,
})

/**
 * The columns of the granted rights. Servers of older releases read `skipped_acl` instead of `skipped_access` and
 * `skipped_roles`.
 */
export const grantingColumns = (grant: Omit<Grant, 'created' | 'updated'>) => ({
  access: grant.access,
  roles: [...grant.roles],
  reverse_access: grant.reverseAccess,
  reverse_roles: [...grant.reverseRoles],
  skipped_acl: isAllSkipped(grant),
  skipped_access: grant.skippedAccess,
  skipped_roles: [...grant.skippedRoles],
})

/** Updates a connection. An active connection loses its token and its expiry. */
export async function updateGrant(db: Transaction<Tables>, grant: Grant, moment: Date): Promise<void> {
  await db
    .updateTable('connection')
    .set({
      updated_at: moment,
      state: grant.state,
      target_id: grant.targetId,
      expires_at: grant.expiresAt,
      ...grantingColumns(grant),
      ...(grant.state === 'active' && {
        token_hash: null,
        token_key: null,
        expires_at: null,
        applied_at: sql<Date>`coalesce(applied_at, ${moment})`,
      }),
    })
    .where('id', '=', grant.id)
    .execute()
}

/**
 * Spends one use of a link; the last use deletes it. Concurrent calls never spend more uses than remain (docs/trust.md,
 * C5).
 *
 * @returns the remaining uses, or null for a link without a use limit, and the date of the change; undefined if the
 *   link is gone
 */
export async function takeUse(
  db: Transaction<Tables>,
  id: string,
): Promise<{ left: number | null; moment: Date } | undefined> {
  const { rows } = await sql<{ left: number | null; moment: Date }>`
    update connection as c set uses_remaining = uses_remaining - 1
    where c.id = ${id} and ${isAlive} and (c.uses_remaining is null or c.uses_remaining > 0)
    returning c.uses_remaining as left, clock_timestamp()::timestamptz(3) as moment`.execute(db)
  if (rows[0]?.left === 0) await db.deleteFrom('connection').where('id', '=', id).execute()
  return rows[0]
}

/** Stores the hash of a new token for a pending connection. @returns whether the connection is still pending */
export async function storeToken(db: Db, id: string, hash: Uint8Array, keyId: string): Promise<boolean> {
  const { rows } = await sql`
    update connection as c set token_hash = ${hash}, token_key = ${keyId}
    where c.id = ${id} and c.state = 'pending' returning id`.execute(db)
  return rows.length > 0
}

/** Deletes some expired connections. @returns the deleted connections, with the time of deletion */
export const deleteExpired = (db: Transaction<Tables>, limit: number) =>
  deleteSome(
    db,
    // now() can use the expiry index, clock_timestamp() cannot.
    sql`select id from connection where expires_at <= now()
      order by expires_at limit ${limit} for update skip locked`,
  )

/** Deletes some connections of a locked context. @returns the deleted connections, with the time of deletion */
export const deleteOfContext = (
  db: Transaction<Tables>,
  { object, contextId }: Pick<Grant, 'object' | 'contextId'>,
  limit: number,
) =>
  deleteSome(
    db,
    sql`select id from connection where context_object = ${object} and context_key = ${contextId} limit ${limit}`,
  )

async function deleteSome(db: Transaction<Tables>, ids: RawBuilder<unknown>): Promise<(Grant & { moment: Date })[]> {
  const { rows } = await sql<Grant & { moment: Date }>`
    delete from connection as c using (${ids}) as gone where c.id = gone.id
    returning ${grantColumns}, clock_timestamp()::timestamptz(3) as moment`.execute(db)
  return rows
}

/**
 * Replaces all tokens that were derived from unknown secrets. The old tokens stop working, and links and invitations
 * have to be sent again.
 *
 * @returns the number of new tokens
 */
export async function reissueTokens(db: Kysely<Tables>, keys: TokenKeys): Promise<number> {
  const known = keys.map(({ id }) => id)
  return inBatches(async (limit) => {
    const { rows } = await sql<{ id: string }>`
      select id from connection
      where token_hash is not null and (token_key is null or token_key <> all(${known}::text[]))
      limit ${limit}`.execute(db)
    if (rows.length === 0) return 0
    const hashes = rows.map(({ id }) => ({ id, hash: Buffer.from(tokenHash(tokenOf(keys[0], id))).toString('hex') }))
    await sql`
      update connection set token_hash = decode(hash, 'hex'), token_key = ${keys[0].id}
      from jsonb_to_recordset(${json(hashes)}) as fresh (id uuid, hash text)
      where connection.id = fresh.id`.execute(db)
    return rows.length
  })
}
