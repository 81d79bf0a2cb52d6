import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { AccountTable, Tables } from '../db/tables.js'
import { type Account, isUuid, type Person, type PersonRef } from './account.js'
import { foldedEmail } from './merge.js'

/** The columns of an Account. */
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

/** The selection of `columnsOf`: `account.name as account_name` and so on. */
type SelectedColumn<Table extends string> = {
  [Column in AccountColumn]: `${Table}.${Column} as ${Table}_${Column}`
}[AccountColumn]

/** A row with all columns of an account, with the columns named as in `columnsOf`. */
export type AccountRow<Table extends string> = {
  [Column in AccountColumn as `${Table}_${Column}`]: Selectable<AccountTable>[Column]
}

/**
 * Selects an account next to other columns.
 *
 * @param table `account` or its alias in the statement: a feed joins it as `owner` and as `peer`
 * @returns an argument for Kysely's `select`
 */
export function columnsOf<Table extends string>(table: Table): SelectedColumn<Table>[] {
  return accountColumns.map((column) => `${table}.${column} as ${table}_${column}` as SelectedColumn<Table>)
}

/** The parts of a person that a list shows: those of an Atom person construct, or the whole account. */
export type Shown = 'person' | 'account'

/** A person in JSON. */
export type PersonJson = Person & Partial<Omit<Account, 'updated'> & { readonly updated: number }>

/**
 * A person as JSON, under the names of `Account`. A list of these parses faster than rows with a column for each value.
 *
 * @param table `account` or its alias in the statement
 */
export function jsonOf(table: string, shown: Shown): RawBuilder<PersonJson> {
  const of = (column: keyof AccountTable) => sql.ref(`${table}.${column}`)
  const person = sql`'id', ${of('id')}, 'key', ${of('key')}, 'userId', ${of('user_id')}, 'name', ${of('name')},
    'email', ${of('email')}, 'state', ${of('state')}, 'external', ${of('external')}`
  if (shown === 'person') return sql`json_build_object(${person})`
  return sql`json_build_object(${person}, 'login', ${of('login')}, 'profile', ${of('profile')}, 'roles', ${of('roles')},
    'updated', ${millisecondsOf(of('updated_at'))})`
}

/** Reads an account from JSON of `jsonOf` with `account`. */
export const accountIn = (json: PersonJson): Account =>
  ({ ...json, updated: new Date(json.updated as number) }) as Account

/** A date as milliseconds: a number parses faster than a date. */
export const millisecondsOf = <Type extends number | null = number>(date: RawBuilder<unknown>): RawBuilder<Type> =>
  sql`(extract(epoch from ${date}) * 1000)::bigint`

/**
 * Reads an account from a row with the columns of `columnsOf(table)`.
 *
 * @param table as for `columnsOf`
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

/** Reads accounts from rows of a left join with `columnsOf(table)`; rows without an account are skipped. */
export function toAccounts<Table extends string>(
  rows: readonly { [Column in keyof AccountRow<Table>]: AccountRow<Table>[Column] | null }[],
  table: Table,
): Account[] {
  const isFilled = (row: object) => (row as Record<string, unknown>)[`${table}_id`] !== null
  return rows.filter(isFilled).map((row) => toAccount(row as unknown as AccountRow<Table>, table))
}

/** Whether Postgres can store a text: it rejects NUL, and would replace an unpaired surrogate. */
export const isStorable = (text: string) => text.isWellFormed() && !text.includes('\0')

/**
 * Whether a person can have this name at all. Postgres rejects some impossible names, such as a key that is not a UUID.
 */
export function isPossible({ by, value }: PersonRef): boolean {
  return by === 'key'
    ? isUuid(value)
    : isStorable(value) && (by !== 'distinguishedName' || value.length <= maxNameLength)
}

/** The index stores one character more, so that a longer name does not match after truncation. */
const maxNameLength = 512

const distinguishedNameOf = (table: string): RawBuilder<string> =>
  sql`left(lower((${sql.ref(`${table}.profile`)} ->> 'distinguishedName') collate "C"), 513)`

/** Whether no other person has the same distinguished name. A name shared by two people identifies neither. */
const isNamedAlone = (table: string): RawBuilder<boolean> => sql`not exists (
  select from account as other
  where ${distinguishedNameOf('other')} = ${distinguishedNameOf(table)} and other.id <> ${sql.ref(`${table}.id`)})`

/**
 * The SQL condition that a row of `table` is the named person. Each kind of name has an index.
 *
 * @param value must satisfy `isPossible`
 */
export function isPerson(
  by: PersonRef['by'],
  value: string | RawBuilder<unknown>,
  table = 'account',
): RawBuilder<boolean> {
  switch (by) {
    case 'userId':
      return sql`${sql.ref(`${table}.user_id`)} = ${value}`
    case 'key':
      return sql`${sql.ref(`${table}.key`)} = ${value}`
    case 'email':
      return sql`lower(${sql.ref(`${table}.email`)}) = lower(${value} collate "C")`
    case 'login':
      return sql`${sql.ref(`${table}.login`)} = ${value}`
    case 'distinguishedName':
      return sql`(${distinguishedNameOf(table)} = lower(${value} collate "C") and ${isNamedAlone(table)})`
  }
}

/** Like `isPerson`, for several people. E-mail addresses and distinguished names must be folded (`foldedEmail`). */
function isOneOf(by: PersonRef['by'], values: readonly string[]): RawBuilder<boolean> {
  switch (by) {
    case 'userId':
      return sql`account.user_id = any(${values}::text[])`
    case 'key':
      return sql`account.key = any(${values}::uuid[])`
    case 'email':
      return sql`lower(account.email) = any(${values}::text[])`
    case 'login':
      return sql`account.login = any(${values}::text[])`
    case 'distinguishedName':
      return sql`(${distinguishedNameOf('account')} = any(${values}::text[]) and ${isNamedAlone('account')})`
  }
}

/** Finds a person, active or not. */
export async function findAccount(db: Kysely<Tables>, { by, value }: PersonRef): Promise<Account | undefined> {
  if (!isPossible({ by, value })) return undefined
  const [row] = await findOne(by).run(db, { person: value })
  return row && toAccount(row, 'account')
}

const findOne = onceFor((by: PersonRef['by']) =>
  prepared((db, value: Value<{ person: string }>) =>
    db
      .selectFrom('account')
      .select(columnsOf('account'))
      .where(isPerson(by, value('person'))),
  ),
)

/** Names of the same kind. */
export interface Named {
  readonly by: PersonRef['by']
  readonly values: readonly string[]
}

/** Finds people, active or not, in the order of the given names and without duplicates. Unknown names are skipped. */
export async function findNamed(db: Kysely<Tables>, { by, values }: Named): Promise<Account[]> {
  const names = values.filter((value) => isPossible({ by, value })).map((value) => foldedName(by, value))
  if (names.length === 0) return []
  const rows = await findSeveral(by).run(db, { names })
  const found = new Map(
    rows.map((row) => {
      const account = toAccount(row, 'account')
      return [foldedName(by, nameOf(account, by)), account]
    }),
  )
  return [...new Set(names)].flatMap((name) => found.get(name) ?? [])
}

const findSeveral = onceFor((by: PersonRef['by']) =>
  prepared((db, value: Value<{ names: string[] }>) =>
    db
      .selectFrom('account')
      .select(columnsOf('account'))
      .where(isOneOf(by, value('names'))),
  ),
)

const nameOf = ({ profile, ...account }: Account, by: PersonRef['by']): string =>
  (by === 'distinguishedName' ? profile.distinguishedName : account[by]) as string

function foldedName(by: PersonRef['by'], name: string): string {
  if (by === 'userId' || by === 'login') return name
  return by === 'key' ? name.toLowerCase() : foldedEmail(name)
}
