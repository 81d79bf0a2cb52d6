import { type Kysely, type RawBuilder, type Selectable, sql, type Transaction } from 'kysely'
import { v7 as newId } from 'uuid'
import { prepared, type Value } from '../db/prepared.js'
import type { AccountTable, Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import type { Account, Person } from './account.js'

/** The columns that make an Account. */
export const accountColumns = [
  'id',
  'key',
  'user_id',
  'login',
  'email',
  'name',
  'state',
  'external',
  'profile',
  'roles',
  'updated_at',
] as const satisfies readonly (keyof AccountTable)[]

type AccountColumn = (typeof accountColumns)[number]

/** What `columnsOf` selects: `account.name as account_name` and so on. */
export type SelectedColumn<Table extends string> = {
  [Column in AccountColumn]: `${Table}.${Column} as ${Table}_${Column}`
}[AccountColumn]

/** A row with all that an account needs, each column under the name that `columnsOf` gave it. */
export type AccountRow<Table extends string> = {
  [Column in AccountColumn as `${Table}_${Column}`]: Selectable<AccountTable>[Column]
}

/**
 * Selects an account beside whatever else the statement selects.
 *
 * @param table `account`, or what the statement calls it: a feed joins it as `owner` and as `peer`
 * @returns what Kysely's `select` takes
 */
export function columnsOf<Table extends string>(table: Table): SelectedColumn<Table>[] {
  return accountColumns.map((column) => `${table}.${column} as ${table}_${column}` as SelectedColumn<Table>)
}

/**
 * Reads an account out of a row of a statement that selects `columnsOf(table)`.
 *
 * @param table the name that was given to `columnsOf`
 */
export function toAccount<Table extends string>(row: AccountRow<NoInfer<Table>>, table: Table): Account {
  const value = <Column extends AccountColumn>(column: Column) =>
    (row as Record<string, unknown>)[`${table}_${column}`] as Selectable<AccountTable>[Column]
  return {
    id: value('id'),
    key: value('key'),
    userId: value('user_id'),
    login: value('login'),
    email: value('email'),
    name: value('name'),
    state: value('state'),
    external: value('external'),
    profile: value('profile'),
    roles: value('roles'),
    updated: value('updated_at'),
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Postgres refuses NUL, and half a surrogate pair would arrive as another character. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes('\0')

/** Whether anybody can go by this name. What nobody can have, such as a key that is no UUID, Postgres would refuse. */
export function isPossible({ by, value }: Person): boolean {
  return by === 'key' ? uuid.test(value) : isStorable(value)
}

/**
 * The condition that a row of `table` is the person named, for the `where` of any statement. Each way of naming has
 * its index; keys and e-mail addresses match in any case.
 *
 * @param value must be possible
 */
export function isPerson(by: Person['by'], value: string, table = 'account'): RawBuilder<boolean> {
  switch (by) {
    case 'userId':
      return sql`${sql.ref(`${table}.user_id`)} = ${value}`
    case 'key':
      return sql`${sql.ref(`${table}.key`)} = ${value}`
    case 'email':
      return sql`lower(${sql.ref(`${table}.email`)}) = lower(${value} collate "C")`
  }
}

/** Finds a person, active or not. */
export async function findAccount(db: Kysely<Tables>, person: Person): Promise<Account | undefined> {
  if (!isPossible(person)) return undefined
  const isNamed = isPerson(person.by, person.value)
  const row = await db.selectFrom('account').select(columnsOf('account')).where(isNamed).executeTakeFirst()
  return row && toAccount(row, 'account')
}

/** An account that a name signs in to, and the hash of its password where it has one. */
export interface SignIn {
  readonly account: Account
  readonly secret: string | null
}

/**
 * Finds who signs in by this name: whose user id it is, else whose login, else whose e-mail address. Inactive
 * accounts are found too, so that they cost the caller what others cost.
 */
export async function findSignIn(db: Kysely<Tables>, name: string): Promise<SignIn | undefined> {
  if (!isStorable(name)) return undefined
  const [row] = await signIns.run(db, { name })
  return row && { account: toAccount(row, 'account'), secret: row.secret }
}

const signIns = prepared((db, value: Value<{ name: string }>) =>
  db
    .selectFrom('account')
    .leftJoin('credential', (join) =>
      join.onRef('credential.account_id', '=', 'account.id').on('credential.kind', '=', 'password'),
    )
    .select(columnsOf('account'))
    .select('credential.secret')
    .where((by) =>
      by.or([
        isPerson('userId', value('name')),
        by('account.login', '=', value('name')),
        isPerson('email', value('name')),
      ]),
    )
    .orderBy(sql`case ${value('name')} when account.user_id then 1 when account.login then 2 else 3 end`)
    .limit(1),
)

/** A person who is not in the directory yet. */
export interface NewAccount {
  readonly userId: string
  readonly login: string | null
  readonly email: string
  readonly name: string
}

/**
 * Adds an active, internal account with an empty profile. Until the transaction ends no other one adds or changes
 * accounts: that a name is nobody else's, be it user id, login or e-mail address, is more than an index can hold.
 *
 * @returns the id of the account
 * @throws Failure `invalid` naming the value that is somebody's name already
 */
export async function addAccount(db: Transaction<Tables>, { userId, login, email, name }: NewAccount): Promise<string> {
  await sql`lock table account in share row exclusive mode`.execute(db)
  const taken = await findTakenName(db, [userId, ...(login === null ? [] : [login])], email)
  if (taken !== undefined) throw new Failure('invalid', `${taken} is the name of another account already.`)
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
      created_at: sql`clock_timestamp()`,
      updated_at: sql`clock_timestamp()`,
    })
    .execute()
  return id
}

/** Of the names that a new account wants, one by which somebody signs in already. */
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

/**
 * Gives the account its password, in place of the one it had.
 *
 * @param secret the hash of the password (`auth/password.ts`), never the password
 */
export async function setPassword(db: Kysely<Tables>, accountId: string, secret: string): Promise<void> {
  const now = sql<Date>`clock_timestamp()`
  await db
    .insertInto('credential')
    .values({ id: newId(), account_id: accountId, kind: 'password', secret, created_at: now, updated_at: now })
    .onConflict((conflict) =>
      conflict
        .column('account_id')
        .where(sql<boolean>`kind = 'password'`)
        .doUpdateSet({ secret, updated_at: now }),
    )
    .execute()
}

/** Gives the account a role or takes it away; what is so already stays so. */
export async function changeRole(
  db: Kysely<Tables>,
  accountId: string,
  role: string,
  change: 'add' | 'remove',
): Promise<void> {
  const others = sql<string[]>`array_remove(roles, ${role})`
  await db
    .updateTable('account')
    .set({
      roles: change === 'add' ? sql<string[]>`array_append(${others}, ${role})` : others,
      // For an import this is word of this moment, which no older document can take back.
      seen: sql`seen || jsonb_build_object('roles', ${millis(sql`clock_timestamp()`)})
        || case when seen = '{}' then jsonb_build_object('updated', ${millis(sql`updated_at`)}) else '{}' end`,
    })
    .where('id', '=', accountId)
    .execute()
}

const millis = (moment: RawBuilder<unknown>) => sql`floor(extract(epoch from ${moment}) * 1000)::bigint`
