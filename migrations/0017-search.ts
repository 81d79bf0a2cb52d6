import { type Kysely, sql } from 'kysely'

/**
 * All words by which a person is searched, in one column and one index.
 *
 * Expand: the column is empty until the application fills it (`people/search-words-store.ts`), and a server of the
 * release before goes on with `words`. A row that such a server wrote is out of date, which `search_of` tells.
 *
 * Contract, once no older server runs: drop `words`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table account add column search_words tsvector, add column search_of timestamptz(3)`.execute(db)
  // People are searched far more often than they change: no list of changes that every search has to read too.
  await sql`create index account_search on account using gin (search_words) with (fastupdate = off)`.execute(db)
  await sql`
    create index account_search_stale on account (id)
    where search_words is null or search_of is distinct from updated_at`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`alter table account drop column search_words, drop column search_of`.execute(db)
}
