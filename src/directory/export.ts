import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { accountLine, headerLine, pairLine } from './lines.js'
import { fetchAccounts, fetchPairs, openExport } from './export-store.js'
import { toKnown } from './people-store.js'

/**
 * Writes the whole directory as it is at one moment, line by line: accounts by user id, then pairs by their inviter's
 * user id and entry. Passwords and what the module made are left out. Imported into an empty database and exported
 * again, it is the same.
 *
 * @param write takes the lines, with their line feeds; the moment lasts until it is done
 */
export function exportLines(db: Kysely<Tables>, write: (lines: AsyncIterable<string>) => Promise<void>): Promise<void> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((transaction) => write(lines(transaction)))
}

async function* lines(db: Kysely<Tables>): AsyncGenerator<string> {
  await openExport(db)
  yield headerLine()
  for (let rows = await fetchAccounts(db); rows.length > 0; rows = await fetchAccounts(db)) {
    for (const row of rows) yield accountLine(toKnown(row))
  }
  for (let rows = await fetchPairs(db); rows.length > 0; rows = await fetchPairs(db)) {
    for (const row of rows) yield pairLine({ ...row, status: row.status === 'accepted' ? 'accepted' : 'pending' })
  }
}
