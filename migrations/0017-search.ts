import { type Kysely, sql } from 'kysely'

/**
 * Puts all search words of a person in one column, with one index.
 *
 * Expand: the column is empty until the application fills it (`people/search-store.ts`). Servers of the previous
 * release keep using `words`, and do not update `search_words`. If `search_of` differs from `updated_at`, the search
 * words are outdated.
 *
 * Contract, once no older server runs: drop `words`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table account add column search_words tsvector, add column search_of timestamptz(3)`.execute(db)
  // People are searched far more often than changed. With fastupdate, each search would also scan a pending list.
  await sql`create index account_search on account using gin (search_words) with (fastupdate = off)`.execute(db)
  await sql`
    create index account_search_stale on account (id)
    where search_words is null or search_of is distinct from updated_at`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`alter table account drop column search_words, drop column search_of`.execute(db)
}
