import { type Kysely, sql } from 'kysely'
import { gathered } from '../db/gather.js'
import { prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Account, Scope } from '../people/account.js'
import { columnsOf, isPerson, isStorable, toAccount } from '../people/store.js'
import type { Proof } from './identity.js'

/** The state of an account and its credential: Postgres gives each version of a row another `xmin`. */
const stamp = sql<string>`account.xmin::text || ' ' || credential.xmin::text`

const isUnexpired = sql<boolean>`(credential.expires_at is null or credential.expires_at > clock_timestamp())`
const isNoted = sql<boolean>`coalesce(credential.used_at > clock_timestamp() - interval '1 minute', false)`

/**
 * The present stamp of an account and its credential, by one look-up for all requests that wait.
 *
 * @returns undefined if the credential was deleted or has expired, or if the use of an app password has to be recorded
 */
export const findStamp = gathered({
  query: (proofs: readonly Pick<Proof, 'accountId' | 'credentialId'>[]) =>
    stamps.with({
      accounts: proofs.map(({ accountId }) => accountId),
      credentials: proofs.map(({ credentialId }) => credentialId),
    }),
  read: (rows, proofs) => {
    const found = new Map(rows.map((row) => [row.place, row.stamp]))
    return proofs.map((_proof, index) => found.get(index + 1))
  },
  nameOf: ({ credentialId }) => credentialId,
})

const stamps = prepared((db, value: Value<{ accounts: readonly string[]; credentials: readonly string[] }>) =>
  db
    .selectFrom(
      sql<{ account: string; credential: string; place: number }>`
        unnest(${value('accounts')}::uuid[], ${value('credentials')}::uuid[]) with ordinality`.as<'given'>(
        sql`given(account, credential, place)`,
      ),
    )
    .innerJoin('account', 'account.id', 'given.account')
    .innerJoin('credential', 'credential.id', 'given.credential')
    .select(['given.place', stamp.as('stamp')])
    .where(isUnexpired)
    .where((by) => by.or([by('credential.kind', '=', 'password'), isNoted])),
)

/** A valid app password and its account. */
interface AppSignIn {
  readonly id: string
  readonly account: Account
  readonly scopes: readonly Scope[]
  /** Whether its use was recorded within the last minute. */
  readonly isNoted: boolean
  readonly proof: Proof
}

/**
 * Finds the account of an app password.
 *
 * @param name the account must have this sign-in name; null accepts any account
 * @returns undefined if the app password is unknown or expired, or the account inactive
 */
export async function findAppSignIn(
  db: Kysely<Tables>,
  hash: string,
  name: string | null,
): Promise<AppSignIn | undefined> {
  if (name !== null && !isStorable(name)) return undefined
  const [row] = await appSignIns.run(db, { hash, name })
  if (!row) return undefined
  const { credential_id: id, scopes, is_noted: isNoted, stamp } = row
  const account = toAccount(row, 'account')
  return { id, account, scopes: scopes ?? [], isNoted, proof: { accountId: account.id, credentialId: id, stamp } }
}

const appSignIns = prepared((db, value: Value<{ hash: string; name: string | null }>) => {
  const name = value('name') as string
  return db
    .selectFrom('credential')
    .innerJoin('account', 'account.id', 'credential.account_id')
    .select(columnsOf('account'))
    .select(['credential.id as credential_id', 'credential.scopes', stamp.as('stamp'), isNoted.as('is_noted')])
    .where('credential.kind', '=', 'app')
    .where('credential.secret', '=', value('hash'))
    .where(isUnexpired)
    .where('account.state', '=', 'active')
    .where((by) =>
      by.or([
        sql<boolean>`${name}::text is null`,
        isPerson('userId', name),
        by('account.login', '=', name),
        isPerson('email', name),
      ]),
    )
})

/** Records the use of an app password, at most once a minute, so that polling does not write at every request. */
export async function recordUse(db: Kysely<Tables>, id: string): Promise<void> {
  await db
    .updateTable('credential')
    .set({ used_at: sql`clock_timestamp()` })
    .where('id', '=', id)
    .where(sql<boolean>`(used_at is null or used_at <= clock_timestamp() - interval '1 minute')`)
    .execute()
}

/** An account, and the hash of its password if it has one. */
export interface SignIn {
  readonly account: Account
  readonly secret: string | null
}

/** A sign-in with the id of the password. A new password gets a new id. */
interface NamedSignIn extends SignIn {
  readonly credentialId: string | null
  /** Absent without a password. */
  readonly proof?: Proof
}

/**
 * Finds an account by its sign-in name. Precedence: user id, login, e-mail address. Includes inactive accounts, so that
 * the query takes the same time for all names.
 */
export async function findSignIn(db: Kysely<Tables>, name: string): Promise<NamedSignIn | undefined> {
  if (!isStorable(name)) return undefined
  const [row] = await signIns.run(db, { name })
  if (!row) return undefined
  const { secret, credentialId, stamp } = row
  const account = toAccount(row, 'account')
  const proof = credentialId && stamp ? { accountId: account.id, credentialId, stamp } : undefined
  return { account, secret, credentialId, ...(proof && { proof }) }
}

const signIns = prepared((db, value: Value<{ name: string }>) =>
  db
    .selectFrom('account')
    .leftJoin('credential', (join) =>
      join.onRef('credential.account_id', '=', 'account.id').on('credential.kind', '=', 'password'),
    )
    .select(columnsOf('account'))
    .select(['credential.secret', 'credential.id as credentialId', stamp.as('stamp')])
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
