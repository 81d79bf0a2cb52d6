import { type Kysely, sql, type Transaction } from 'kysely'
import { inBatches } from '../db/batches.js'
import { json } from '../db/prepared.js'
import type { Tables } from '../db/tables.js'
import { type Searched, searchWords } from './search-words.js'

const batchSize = 500

/**
 * Brings the search words up to date of accounts that a server of an older release wrote: at start, after a migration,
 * and from time to time while both run. Finds them by their own index, which is empty as a rule.
 *
 * @param stop ends it after a batch
 * @returns how many there were
 */
export const fillSearchWords = (db: Kysely<Tables>, stop?: AbortSignal): Promise<number> =>
  inBatches((most) => db.transaction().execute((transaction) => fillSome(transaction, most)), stop, batchSize)

async function fillSome(db: Transaction<Tables>, most: number): Promise<number> {
  const { rows } = await sql<Searched & { id: string }>`
        select id, user_id as "userId", login, email, name, profile from account
        where search_words is null or search_of is distinct from updated_at
        order by id limit ${most} for no key update skip locked`.execute(db)
  if (rows.length === 0) return 0
  await sql`
        update account set search_words = made.words, search_of = account.updated_at
        from jsonb_to_recordset(${json(rows.map((row) => ({ id: row.id, words: searchWords(row) })))})
          as made (id uuid, words tsvector)
        where account.id = made.id`.execute(db)
  return rows.length
}
