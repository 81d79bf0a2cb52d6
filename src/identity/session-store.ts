import { createHash } from 'node:crypto'
import { type SessionData, Store } from 'express-session'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { deleteInBatches } from '../db/batches.js'
import type { Tables } from '../db/tables.js'
import type { Account } from '../people/account.js'
import { columnsOf, toAccount } from '../people/store.js'

/** A signed-in account and its credential. */
export interface SignedIn {
  readonly account: Account
  readonly credentialId: string
}

declare module 'express-session' {
  interface SessionData {
    /** The property name is prescribed by passport. */
    passport: { user: SignedIn }
    /** Whether the session was last extended more than a minute ago. */
    isStale: boolean
  }
}

const idleTimeout = sql`interval '12 hours'`
const maxAge = sql`interval '14 days'`
const now = sql<Date>`clock_timestamp()`
/** The expiry time of a session that is used now. */
const end = (created: RawBuilder<unknown>) => sql<Date>`least(${now} + ${idleTimeout}, ${created} + ${maxAge})`
const isStale = sql<boolean>`session.expires_at < ${end(sql`session.created_at`)} - interval '1 minute'`

const hash = (text: string) => createHash('sha256').update(text).digest()

type Done = (error?: unknown) => void

/**
 * The session store of express-session. A row refers only to the password that opened the session, so deleting a
 * password ends its sessions. A session lasts for at most 14 days, and only while the password exists, the account is
 * active, and no two uses are more than 12 hours apart (docs/trust.md, A8; A9).
 */
export class SessionStore extends Store {
  constructor(readonly db: Kysely<Tables>) {
    super()
  }

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    void this.db
      .selectFrom('session')
      .innerJoin('credential', 'credential.id', 'session.credential_id')
      .innerJoin('account', 'account.id', 'credential.account_id')
      .select(columnsOf('account'))
      .select(['credential.id as credentialId', isStale.as('isStale')])
      .where('session.id_hash', '=', hash(id))
      .where('session.expires_at', '>', now)
      .where('credential.kind', '=', 'password')
      .where('account.state', '=', 'active')
      .executeTakeFirst()
      .then((row) => {
        if (!row) return done(null, null)
        const user = { account: toAccount(row, 'account'), credentialId: row.credentialId }
        done(null, { cookie: {}, passport: { user }, isStale: row.isStale } as SessionData)
      }, done)
  }

  /**
   * Inserts a session; no-op for an existing one, since the data of a session never changes. Share-locks the account,
   * so that disabling the account at the same time also ends this session. Then ends surplus sessions.
   */
  override set(id: string, { passport }: SessionData, done: Done = () => {}): void {
    void this.db
      .insertInto('session')
      .columns(['id_hash', 'credential_id', 'created_at', 'expires_at'])
      .expression((from) =>
        from
          .selectFrom('credential')
          .innerJoin('account', 'account.id', 'credential.account_id')
          .select([sql<Buffer>`${hash(id)}::bytea`.as('id_hash'), 'credential.id', now.as('begun'), end(now).as('end')])
          .where('credential.id', '=', passport.user.credentialId)
          .where('account.state', '=', 'active')
          .forShare('account'),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute()
      .then(() => endSurplus(this.db, passport.user.credentialId))
      .then(() => done(), done)
  }

  override destroy(id: string, done: Done = () => {}): void {
    void this.db
      .deleteFrom('session')
      .where('id_hash', '=', hash(id))
      .execute()
      .then(() => done(), done)
  }

  /** Extends a session, at most once a minute. */
  override touch(id: string, session: SessionData, done: Done = () => {}): void {
    if (!session.isStale) return done()
    void this.db
      .updateTable('session')
      .set({ expires_at: end(sql`created_at`) })
      .where('id_hash', '=', hash(id))
      .where(isStale)
      .execute()
      .then(() => done(), done)
  }
}

/** Maximum number of sessions per password. Keeps a program that signs in repeatedly from filling the table. */
const maxSessions = 100

/** Keeps the `maxSessions` most recently used sessions of a credential, and ends the others. */
async function endSurplus(db: Kysely<Tables>, credentialId: string): Promise<void> {
  await db
    .deleteFrom('session')
    .where('id_hash', 'in', (from) =>
      from
        .selectFrom('session')
        .select('id_hash')
        .where('credential_id', '=', credentialId)
        .orderBy('expires_at', 'desc')
        .offset(maxSessions),
    )
    .execute()
}

/** Ends all sessions of a credential. */
export async function endSessions(db: Kysely<Tables>, credentialId: string): Promise<void> {
  await db.deleteFrom('session').where('credential_id', '=', credentialId).execute()
}

/** Ends all sessions of some accounts. */
export async function endSessionsOf(db: Kysely<Tables>, accountIds: readonly string[]): Promise<void> {
  await sql`
    delete from session using credential
    where credential.id = session.credential_id
      and credential.account_id = any(${accountIds}::uuid[])`.execute(db)
}

/** Ends all unexpired sessions. @returns their number */
export async function endAllSessions(db: Kysely<Tables>): Promise<number> {
  const ended = await db
    .deleteFrom('session')
    .where('expires_at', '>', sql<Date>`now()`)
    .returning('id_hash')
    .execute()
  return ended.length
}

/** Deletes expired sessions. @returns the number of deleted rows */
export const sweepSessions = (db: Kysely<Tables>, stop?: AbortSignal): Promise<number> =>
  deleteInBatches(
    db,
    // Unlike clock_timestamp(), now() can use the index.
    (limit) => sql`
      delete from session where id_hash = any(array(
        select id_hash from session where expires_at <= now() limit ${limit} for update skip locked))`,
    stop,
  )
