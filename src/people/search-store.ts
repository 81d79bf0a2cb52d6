import { type Kysely, sql, type Transaction } from 'kysely'
import { inBatches } from '../db/batches.js'
import { json, onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Account, PersonRef } from './account.js'
import { hidingEmails, type Presenter, showingEmails } from './hide-email.js'
import { queryFor, type Searched, searchWords, type Sought } from './search-words.js'
import { columnsOf, isPerson, isPossible, toAccounts } from './store.js'

/** Search conditions, joined by AND. Without conditions, all people match. */
export interface Search {
  readonly words: readonly Sought[]
  /** Names that the person must have, at most one of each kind. */
  readonly named: readonly PersonRef[]
  readonly isManager?: boolean | undefined
  /** Excludes inactive people. */
  readonly isActive?: boolean
  /** Decides whether people can be found by parts of their e-mail addresses; by default they can. */
  readonly presenter?: Presenter
}

/** Selects one page of a list. */
export interface PageNumber {
  /** Starts at 1. */
  readonly page: number
  readonly pageSize: number
}

export interface Found {
  /** The number of people on all pages. */
  readonly total: number
  readonly accounts: readonly Account[]
}

/** A page of matching people, by folded name and then id. */
export async function searchAccounts(db: Kysely<Tables>, search: Search, page: PageNumber): Promise<Found> {
  if (!search.named.every(isPossible)) return { total: 0, accounts: [] }
  const { rows } = await db.executeQuery(searchQuery(search, page))
  return { total: rows[0]?.total ?? 0, accounts: toAccounts(rows, 'account') }
}

/** The statement of `searchAccounts`, exported for tests of its query plan. */
export function searchQuery(search: Search, { page, pageSize }: PageNumber) {
  const { named, isManager, isActive = false, presenter = showingEmails } = search
  const manager: Sought[] = isManager ? [managerWord] : []
  const words = queryFor([...search.words, ...manager], presenter.searchKinds)
  const by = named.map((person) => person.by)
  const nameOf = Object.fromEntries(named.map((person) => [person.by, person.value]))
  return searchStatement({ words: words !== '', by, isNoManager: isManager === false, isActive }).with({
    words,
    noManager: queryFor([managerWord], hidingEmails.searchKinds),
    ...nameOf,
    limit: pageSize,
    offset: (page - 1) * pageSize,
  } as Values)
}

const managerWord: Sought = { kind: 'manager', word: 'true', match: 'whole' }

interface Values extends Record<PersonRef['by'], string> {
  words: string
  noManager: string
  limit: number
  offset: number
}

interface Shape {
  words: boolean
  by: readonly PersonRef['by'][]
  isNoManager: boolean
  isActive: boolean
}

/**
 * The total is a separate row source, so that a page past the end also has a total. A narrow search materialises its
 * matches before sorting, since a scan of all names in order could read the whole table. A list of the whole directory
 * is best scanned in order.
 */
const searchStatement = onceFor((asked: Shape) =>
  prepared((db, value: Value<Values>) => {
    const isNarrow = asked.words || asked.by.length > 0
    const found = db
      .selectFrom('account')
      .select(['id', 'sort'])
      .$if(asked.words, (query) => query.where(sql<boolean>`search_words @@ ${value('words')}::text::tsquery`))
      .$if(asked.isNoManager, (query) =>
        query.where(sql<boolean>`not search_words @@ ${value('noManager')}::text::tsquery`),
      )
      .$if(asked.isActive, (query) => query.where('state', '=', 'active'))
    const matching = asked.by.reduce((query, by) => query.where(isPerson(by, value(by))), found)
    return db
      .with(
        (name) => (isNarrow ? name('matching').materialized() : name('matching').notMaterialized()),
        () => matching,
      )
      .selectFrom((from) =>
        from
          .selectFrom('matching')
          .select((counted) => counted.fn.countAll<number>().as('total'))
          .as('counted'),
      )
      .leftJoinLateral(
        (from) =>
          from
            .selectFrom('matching')
            .select(['id', 'sort'])
            .orderBy('sort')
            .orderBy('id')
            .limit(value('limit'))
            .offset(value('offset'))
            .as('shown'),
        (join) => join.onTrue(),
      )
      .leftJoin('account', 'account.id', 'shown.id')
      .select('counted.total')
      .select(columnsOf('account'))
      .orderBy('shown.sort')
      .orderBy('shown.id')
  }),
)

const batchSize = 500

/**
 * Updates the search words of accounts that an older release wrote. Runs at start, after a migration, and periodically,
 * since servers of the older release may still run. Uses a partial index that is usually empty.
 *
 * @param stop ends the work after the current batch
 * @returns the number of updated accounts
 */
export const fillSearchWords = (db: Kysely<Tables>, stop?: AbortSignal): Promise<number> =>
  inBatches((limit) => db.transaction().execute((transaction) => fillBatch(transaction, limit)), stop, batchSize)

async function fillBatch(db: Transaction<Tables>, limit: number): Promise<number> {
  const { rows } = await sql<Searched & { id: string }>`
        select id, user_id as "userId", login, email, name, profile from account
        where search_words is null or search_of is distinct from updated_at
        order by id limit ${limit} for no key update skip locked`.execute(db)
  if (rows.length === 0) return 0
  await sql`
        update account set search_words = made.words, search_of = account.updated_at
        from jsonb_to_recordset(${json(rows.map((row) => ({ id: row.id, words: searchWords(row) })))})
          as made (id uuid, words tsvector)
        where account.id = made.id`.execute(db)
  return rows.length
}
