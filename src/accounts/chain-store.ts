import { type Kysely, sql } from 'kysely'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Person } from './account.js'
import { managerOf, type Reports } from './reports-store.js'
import { columnsOf, isPerson, isPossible, toAccount } from './store.js'

/** No organisation has as many ranks. */
const ranks = 64

/** A chain with as many people may have been cut. */
export const longestChain = ranks + 1

/**
 * A person and the managers above them, nearest first; undefined if the person is unknown. Managers who report to each
 * other in a circle appear once.
 */
export async function findChain(db: Kysely<Tables>, person: Person): Promise<Reports | undefined> {
  if (!isPossible(person)) return undefined
  const { rows } = await db.executeQuery(chainQuery(person))
  const accounts = rows.map((row) => toAccount(row, 'account'))
  const [of] = accounts
  return of && { of, total: accounts.length, accounts }
}

/** The statement of `findChain`, apart so that its plan can be looked at: the person first, then the managers. */
export const chainQuery = ({ by, value }: Person) => statement(by).with({ person: value, ranks })

const statement = onceFor((by: Person['by']) =>
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
