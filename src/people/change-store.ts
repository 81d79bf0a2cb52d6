import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import { prepared } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { datesKept, type MergedPerson } from './merge.js'
import { nameColumns } from './names.js'
import { searchWords } from './search-words.js'
import { columnsOf, toAccount } from './store.js'

/** An account to be added. */
export interface NewAccount {
  readonly userId: string
  readonly login: string | null
  readonly email: string
  readonly name: string
}

/**
 * Adds an active, internal account with an empty profile. Blocks all other changes of accounts until the transaction
 * ends: no index can prevent that, for example, a new user id equals the login of another account.
 *
 * @returns the id of the account
 * @throws Failure `invalid` with the name that is taken
 */
export async function addAccount(db: Transaction<Tables>, { userId, login, email, name }: NewAccount): Promise<string> {
  await sql`lock table account in share row exclusive mode`.execute(db)
  const taken = await findTakenName(db, [userId, ...(login === null ? [] : [login])], email)
  if (taken !== undefined) throw new Failure('invalid', `${taken} is already the name of another account.`)
  const id = newId()
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
      profile: '{}',
      roles: [],
      seen: '{}',
      created_at: sql`statement_timestamp()`,
      updated_at: sql`statement_timestamp()`,
      ...nameColumns(name),
      search_words: searchWords({ userId, login, email, name, profile: {} }),
      search_of: sql`statement_timestamp()`,
    })
    .execute()
  await recordChange(db)
  return id
}

/** The first of the new account's names that another account already uses in any of its sign-in names. */
async function findTakenName(db: Kysely<Tables>, exact: string[], email: string): Promise<string | undefined> {
  const { rows } = await sql<{ name: string }>`
    select wanted.name
    from unnest(${[...exact, email]}::text[]) with ordinality as wanted (name, position)
    where exists (
      select from account
      where user_id = wanted.name
        or login = wanted.name
        or lower(email) = lower(wanted.name collate "C")
        or (wanted.name = ${email} and lower(${email} collate "C") in (lower(user_id), lower(login)))
    )
    order by wanted.position
    limit 1`.execute(db)
  return rows[0]?.name
}

/** Adds a role to an account or removes it. Also dates the roles, even if they do not change. */
export async function changeRole(
  db: Kysely<Tables>,
  accountId: string,
  role: string,
  change: 'add' | 'remove',
): Promise<void> {
  // Roles of accounts are also available to connections.
  if (change === 'add') await insertRole(db, role)
  const others = sql<string[]>`array_remove(roles, ${role})`
  await db
    .updateTable('account')
    .set({
      roles: change === 'add' ? sql<string[]>`array_append(${others}, ${role})` : others,
      // With this date, the import of an older document does not revert the change.
      seen: sql`seen || jsonb_build_object('roles', ${millis(sql`clock_timestamp()`)})
        || case when seen = '{}' then jsonb_build_object('updated', ${millis(sql`updated_at`)}) else '{}' end`,
    })
    .where('id', '=', accountId)
    .execute()
}

/** Sets the date of a profile. The values of the profile keep their own dates, since imports compare those. */
export async function touchProfile(db: Transaction<Tables>, accountId: string, moment: Date): Promise<void> {
  const row = await db
    .selectFrom('account')
    .select(columnsOf('account'))
    .select('seen')
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  const account = toAccount(row, 'account')
  const updated = new Date(Math.max(moment.getTime(), account.updated.getTime() + 1))
  const seen = datesKept({ ...account, seen: row.seen as MergedPerson['seen'] }, updated)
  await db
    .updateTable('account')
    .set({
      updated_at: updated,
      seen: JSON.stringify(seen),
      // Keeps up-to-date search words marked as up to date.
      search_of: sql<Date | null>`case when search_of = updated_at then ${updated}::timestamptz else search_of end`,
    })
    .where('id', '=', accountId)
    .execute()
}

/** Records whether the owner of the account has proved to own its e-mail address. */
export async function changeVerified(db: Kysely<Tables>, accountId: string, verified: boolean): Promise<void> {
  await db.updateTable('account').set({ verified }).where('id', '=', accountId).execute()
}

/** Adds a role that has no rules yet. */
async function insertRole(db: Kysely<Tables>, id: string): Promise<void> {
  await db
    .insertInto('role')
    .values({ id })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Adds a role with rules, or marks an existing role as defined. */
export async function defineRole(db: Kysely<Tables>, id: string): Promise<void> {
  await db
    .insertInto('role')
    .values({ id, defined: true })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ defined: true }))
    .execute()
}

/** Whether the server or an application has rules for a role. */
export async function isDefinedRole(db: Kysely<Tables>, id: string): Promise<boolean> {
  return (await db.selectFrom('role').select('defined').where('id', '=', id).executeTakeFirst())?.defined ?? false
}

const millis = (moment: RawBuilder<unknown>) => sql`floor(extract(epoch from ${moment}) * 1000)::bigint`

/** The last time that an account was added, removed or visibly changed. */
export async function findLastChange(db: Kysely<Tables>): Promise<Date> {
  const [row] = await lastChangeStatement.run(db, {})
  return row?.changed as Date
}

const lastChangeStatement = prepared((db) => db.selectFrom('directory').select('changed'))

/**
 * Records a change of the directory. Call it late in a transaction: until the end, all other directory changes wait.
 */
export async function recordChange(db: Transaction<Tables>): Promise<void> {
  await sql`
    update directory set changed = greatest(clock_timestamp(), changed + interval '1 millisecond')`.execute(db)
}
