import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * Once before all test files: a migrated, empty embedded database, kept as a file that each test file loads.
 * Migrating anew for each would cost four seconds a file. It is made by a process of its own, since a timer of the
 * embedded database can keep a process from ending.
 */
export default function makeTemplate(): void {
  if (process.env['DATABASE_URL']) return
  process.env['EMBEDDED_TEMPLATE'] = join(mkdtempSync(join(tmpdir(), 'connections-template-')), 'migrated.tar')
  execFileSync(process.execPath, ['dist/test/support/make-template.js', process.env['EMBEDDED_TEMPLATE']])
}

export function removeTemplate(): void {
  const file = process.env['EMBEDDED_TEMPLATE']
  if (file) rmSync(dirname(file), { recursive: true })
}
