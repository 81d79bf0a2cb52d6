import { type Kysely, type RawBuilder, sql } from 'kysely'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Account, PersonRef } from './account.js'
import type { Found, PageNumber } from './search-store.js'
import { accountColumns, columnsOf, isPerson, isPossible, toAccount, toAccounts } from './store.js'

/** The direct reports of a person, or the chain of managers above the person. */
export interface Reports extends Found {
  readonly of: Account
}

/**
 * The login of a person's manager, as an SQL expression that matches the index. A login has at most 256 characters, so
 * a value truncated to 257 characters matches no login.
 */
const managerOf = (table: string): RawBuilder<string> =>
  sql`left(${sql.ref(`${table}.profile`)} ->> 'managerLogin', 257) collate "C"`

/**
 * A page of a manager's direct reports, by folded name and then id. Excludes the manager.
 *
 * @returns undefined if the manager is unknown
 */
export async function findManaged(
  db: Kysely<Tables>,
  person: PersonRef,
  page: PageNumber,
): Promise<Reports | undefined> {
  if (!isPossible(person)) return undefined
  const { rows } = await db.executeQuery(managedQuery(person, page))
  const [head] = rows
  if (!head) return undefined
  return { of: toAccount(head, 'manager'), total: head.total ?? 0, accounts: toAccounts(rows, 'member') }
}

/** The statement of `findManaged`, exported for tests of its query plan. */
export function managedQuery({ by, value }: PersonRef, { page, pageSize }: PageNumber) {
  return managedStatement(by).with({ person: value, limit: pageSize, offset: (page - 1) * pageSize })
}

const managedStatement = onceFor((by: PersonRef['by']) =>
  prepared((db, value: Value<{ person: string; limit: number; offset: number }>) => {
    const members = db
      .selectFrom('account as member')
      .where(sql<boolean>`${managerOf('member')} = manager.login`)
      .where(sql<boolean>`member.id <> manager.id`)
    return db
      .selectFrom('account as manager')
      .select(columnsOf('manager'))
      .leftJoinLateral(members.select((from) => from.fn.countAll<number>().as('total')).as('counted'), (join) =>
        join.onTrue(),
      )
      .leftJoinLateral(
        members
          .select([...accountColumns, 'sort'])
          .orderBy('sort')
          .orderBy('id')
          .limit(value('limit'))
          .offset(value('offset'))
          .as('member'),
        (join) => join.onTrue(),
      )
      .select('counted.total')
      .select(columnsOf('member'))
      .where(isPerson(by, value('person'), 'manager'))
      .orderBy('member.sort')
      .orderBy('member.id')
  }),
)

/** Maximum number of levels above a person. No organisation has more. */
const maxRanks = 64

/** A chain of managers with this length may be incomplete. */
export const maxChain = maxRanks + 1

/**
 * A person and up to `maxRanks` managers above, nearest first. A cycle of managers ends before the first repeated
 * person.
 *
 * @returns undefined if the person is unknown
 */
export async function findChain(db: Kysely<Tables>, person: PersonRef): Promise<Reports | undefined> {
  if (!isPossible(person)) return undefined
  const { rows } = await db.executeQuery(chainQuery(person))
  const accounts = rows.map((row) => toAccount(row, 'account'))
  const [of] = accounts
  return of && { of, total: accounts.length, accounts }
}

/** The statement of `findChain`, exported for tests of its query plan: the person first, then the managers. */
export const chainQuery = ({ by, value }: PersonRef) => chainStatement(by).with({ person: value, ranks: maxRanks })

const chainStatement = onceFor((by: PersonRef['by']) =>
  prepared((db, value: Value<{ person: string; ranks: number }>) =>
    db
      .withRecursive('chain(id, manager, rank, met)', (cte) =>
        cte
          .selectFrom('account')
          .select((from) => [
            from.ref('account.id').as('id'),
            managerOf('account').as('manager'),
            sql<number>`0`.as('rank'),
            sql<string[]>`array[account.id]`.as('met'),
          ])
          .where(isPerson(by, value('person')))
          .unionAll(
            cte
              .selectFrom('chain')
              .innerJoin('account', 'account.login', 'chain.manager')
              .select((from) => [
                from.ref('account.id').as('id'),
                managerOf('account').as('manager'),
                sql<number>`chain.rank + 1`.as('rank'),
                sql<string[]>`chain.met || account.id`.as('met'),
              ])
              .where('chain.rank', '<', value('ranks'))
              .where(sql<boolean>`account.id <> all (chain.met)`),
          ),
      )
      .selectFrom('chain')
      .innerJoin('account', 'account.id', 'chain.id')
      .select(columnsOf('account'))
      .orderBy('chain.rank'),
  ),
)
