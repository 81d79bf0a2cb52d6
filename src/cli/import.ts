import { stat } from 'node:fs/promises'
import { Presets, SingleBar } from 'cli-progress'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.js'
import { importFiles } from '../directory/import.js'
import { unreadable } from '../directory/read.js'
import type { LostName } from '../directory/losses.js'
import type { Counts } from '../directory/store.js'
import type { Terminal } from './terminal.js'

/**
 * `import`: brings in recorded documents and directory files, and says what came of it. Where somebody watches, a bar
 * shows how much of the files is read.
 *
 * @throws Failure `invalid` when a file is not there or not as it should be; nothing is kept then
 */
export async function importCommand(terminal: Terminal, db: Kysely<Tables>, files: readonly string[]): Promise<void> {
  const sizes = await Promise.all(files.map(sizeOf))
  const bar = terminal.errors.isTTY ? barOn(terminal.errors) : undefined
  bar?.start(
    sizes.reduce((sum, size) => sum + size, 0),
    0,
  )
  try {
    const { accounts, colleagues, losses } = await importFiles(db, files, { onProgress: (bytes) => bar?.update(bytes) })
    bar?.stop()
    terminal.output.write(`People: ${inWords(accounts)}\nConnections: ${inWords(colleagues)}\n`)
    for (const loss of losses) terminal.output.write(`${lossInWords(loss)}\n`)
  } finally {
    bar?.stop()
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    throw unreadable(file, error as Error)
  }
}

const barOn = (stream: NodeJS.WritableStream) =>
  new SingleBar({ stream, format: 'Importing {bar} {percentage} %', clearOnComplete: true }, Presets.shades_classic)

const fields = { userId: 'user id', email: 'address', login: 'login' }

function lossInWords({ field, name, loser, holder }: LostName): string {
  const [one, other] = [loser, holder].map((person) => `${person.name} (${person.userId})`)
  const after = field === 'userId' ? ' The account is disabled; its sessions and app passwords have ended.' : ''
  return `${one} no longer has the ${fields[field]} ${name}, which is now that of ${other}.${after}`
}

const inWords = ({ added, changed, unchanged }: Counts) => `${added} added, ${changed} changed, ${unchanged} unchanged.`
