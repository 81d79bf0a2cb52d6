import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { fetchAccounts, fetchPairs, openExport } from './export-store.js'
import { accountLine, headerLine, pairLine } from './lines.js'
import { toKnown } from './people-store.js'

/**
 * Writes the whole directory as it is at one moment, line by line: accounts by user id, then pairs by their inviter's
 * user id and entry. Passwords and what the module made are left out. Imported into an empty database and exported
 * again, it is the same.
 *
 * @param write takes the lines, with their line feeds; the moment lasts until it is done
 * @returns how many accounts and pairs it took
 */
export async function exportLines(
  db: Kysely<Tables>,
  write: (lines: AsyncIterable<string>) => Promise<void>,
): Promise<Written> {
  const written = { accounts: 0, pairs: 0 }
  await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((transaction) => write(lines(transaction, written)))
  return written
}

interface Written {
  accounts: number
  pairs: number
}

async function* lines(db: Kysely<Tables>, written: Written): AsyncGenerator<string> {
  await openExport(db)
  yield headerLine()
  for (let rows = await fetchAccounts(db); rows.length > 0; rows = await fetchAccounts(db)) {
    written.accounts += rows.length
    for (const row of rows) yield accountLine(toKnown(row))
  }
  for (let rows = await fetchPairs(db); rows.length > 0; rows = await fetchPairs(db)) {
    written.pairs += rows.length
    for (const row of rows) yield pairLine({ ...row, status: row.status === 'accepted' ? 'accepted' : 'pending' })
  }
}
