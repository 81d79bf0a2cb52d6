import { type Kysely, sql } from 'kysely'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Person } from './account.js'
import { managerOf, type Reports } from './reports-store.js'
import { columnsOf, isPerson, isPossible, toAccount } from './store.js'

/** No organisation has as many ranks. */
const ranks = 64

/**
 * The managers above somebody, nearest first; undefined where nobody goes by that name. Where the managers turn in a
 * circle it ends before the first who is there already, the person included.
 */
export async function findChain(db: Kysely<Tables>, person: Person): Promise<Reports | undefined> {
  if (!isPossible(person)) return undefined
  const { rows } = await db.executeQuery(chainQuery(person))
  const [of, ...accounts] = rows.map((row) => toAccount(row, 'account'))
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
