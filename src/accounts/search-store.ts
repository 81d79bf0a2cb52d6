import { type Kysely, type RawBuilder, sql } from 'kysely'
import { onceFor, prepared, type Value } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import type { Account } from './account.js'
import { columnsOf, isPerson, isPossible, toAccounts } from './store.js'
import { domainPattern } from './without-addresses.js'
import { prefixQuery } from './words.js'

/** What must hold of a person, all of it: that everybody is meant where nothing is said. */
export interface Search {
  /** Each is the beginning of a word of the display name (`askedWords`). */
  readonly words: readonly string[]
  readonly userId?: string | undefined
  readonly email?: string | undefined
  /** Whether nobody is to be found by the domain of an address that stands in a name. */
  readonly hidesEmail?: boolean
}

/** Which part of a list, in pages of so many. */
export interface PageNumber {
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface Found {
  /** How many there are, on all pages. */
  readonly total: number
  readonly accounts: readonly Account[]
}

/** A page of the people of whom all holds that is asked, active or not, by folded name and then id. */
export async function searchAccounts(db: Kysely<Tables>, search: Search, page: PageNumber): Promise<Found> {
  const named = (['userId', 'email'] as const).flatMap((by) => {
    const value = search[by]
    return value === undefined ? [] : { by, value }
  })
  if (!named.every(isPossible)) return { total: 0, accounts: [] }
  const { rows } = await db.executeQuery(searchQuery(search, page))
  return { total: rows[0]?.total ?? 0, accounts: toAccounts(rows, 'account') }
}

/** The statement of `searchAccounts`, apart so that its plan can be looked at. */
export function searchQuery({ words, userId, email, hidesEmail = false }: Search, { page, pageSize }: PageNumber) {
  const shape = {
    words: words.length > 0,
    userId: userId !== undefined,
    email: email !== undefined,
    hides: words.length > 0 && hidesEmail,
  }
  return statement(shape).with({
    words: prefixQuery(words),
    userId: userId ?? '',
    email: email ?? '',
    limit: pageSize,
    offset: (page - 1) * pageSize,
  })
}

interface Values {
  words: string
  userId: string
  email: string
  limit: number
  offset: number
}

/**
 * The count stands beside the page, so that it is there on a page past the end too. Whoever matches is found once for
 * both, before anything is put in order: reading names in order until enough of them match can mean to read them all.
 * Everybody, though, is best read in order.
 */
const statement = onceFor((asked: { words: boolean; userId: boolean; email: boolean; hides: boolean }) =>
  prepared((db, value: Value<Values>) => {
    const isEverybody = !asked.words && !asked.userId && !asked.email
    return db
      .with(
        (name) => (isEverybody ? name('matching').notMaterialized() : name('matching').materialized()),
        (cte) =>
          cte
            .selectFrom('account')
            .select(['id', 'sort'])
            .$if(asked.words, (query) => query.where(sql<boolean>`words @@ ${value('words')}::text::tsquery`))
            .$if(asked.hides, (query) => query.where(hasShownWords(sql`${value('words')}::text::tsquery`)))
            .$if(asked.userId, (query) => query.where(isPerson('userId', value('userId'))))
            .$if(asked.email, (query) => query.where(isPerson('email', value('email')))),
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

/**
 * Whether the words are found in a name as it is shown where addresses are hidden; else whoever asks for one beginning
 * after the other would read the address. Names without one are found as ever.
 */
const hasShownWords = (asked: RawBuilder<unknown>) => sql<boolean>`(
  name !~* ${domainPattern}::text or array_to_tsvector(array_remove(regexp_split_to_array(
    lower(regexp_replace(name, ${domainPattern}::text, ' ', 'gi')), '[^[:alnum:]]+'), '')) @@ ${asked})`
