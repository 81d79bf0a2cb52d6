import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { fetchAccounts, fetchPairs, openExport } from './export-store.js'
import { accountLine, headerLine, pairLine } from './lines.js'
import { toMergedPerson } from './people-store.js'

/**
 * Writes a snapshot of the directory, line by line: accounts in order of user id, then pairs in order of the inviter's
 * user id and entry id. Omits credentials, photos, and connections to objects of applications. After an import into an
 * empty database, another export gives the same bytes.
 *
 * @param write consumes the lines, each with its line feed; the transaction stays open until `write` resolves
 * @returns the numbers of written accounts and pairs
 */
export async function exportLines(
  db: Kysely<Tables>,
  write: (lines: AsyncIterable<string>) => Promise<void>,
): Promise<ExportCounts> {
  const written = { accounts: 0, pairs: 0 }
  await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((transaction) => write(exportedLines(transaction, written)))
  return written
}

interface ExportCounts {
  accounts: number
  pairs: number
}

async function* exportedLines(db: Kysely<Tables>, written: ExportCounts): AsyncGenerator<string> {
  await openExport(db)
  yield headerLine()
  for (let rows = await fetchAccounts(db); rows.length > 0; rows = await fetchAccounts(db)) {
    written.accounts += rows.length
    for (const row of rows) yield accountLine(toMergedPerson(row))
  }
  for (let rows = await fetchPairs(db); rows.length > 0; rows = await fetchPairs(db)) {
    written.pairs += rows.length
    for (const row of rows) yield pairLine({ ...row, status: row.status === 'accepted' ? 'accepted' : 'pending' })
  }
}
