import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { Presets, SingleBar } from 'cli-progress'
import type { Kysely } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../db/tables.js'
import { Failure } from '../errors.js'
import { exportLines } from '../transfer/export.js'
import { importFiles, type LostName } from '../transfer/import.js'
import type { Counts } from '../transfer/pairs-store.js'
import { isSystemError, unreadable } from '../transfer/read.js'
import { isConfirmed, type Terminal } from './terminal.js'

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

/**
 * `export`: writes the directory to a file that only its owner may read, or with `-` to the output. The file gets its
 * name when it is whole, so that no half of one ever stands there.
 *
 * @param force overwrites a file without a question
 * @throws Failure `invalid` when the file cannot be written, or is there already and is to stay
 */
export async function exportCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  file: string,
  force = false,
): Promise<void> {
  if (file === '-') {
    await exportLines(db, (lines) => pipeline(lines, terminal.output, { end: false })).catch(unlessLeft)
    return
  }
  await checkIsFree(terminal, file, force)
  const unfinished = `${file}.${newId()}`
  try {
    const { accounts, pairs } = await exportLines(db, (lines) =>
      pipeline(lines, createWriteStream(unfinished, { mode: 0o600, flags: 'wx', flush: true })),
    )
    await rename(unfinished, file)
    terminal.output.write(`People: ${accounts} written.\nConnections: ${pairs} written.\n`)
  } catch (error) {
    await rm(unfinished, { force: true })
    if (!isSystemError(error)) throw error
    throw new Failure('invalid', `${file} cannot be written: ${error.message}.`, { cause: error })
  }
}

/** A device or a pipe would be replaced by a file, whatever the operator says. */
async function checkIsFree(terminal: Terminal, file: string, force: boolean): Promise<void> {
  const there = await stat(file).catch(() => undefined)
  if (!there) return
  if (!there.isFile()) throw new Failure('invalid', `${file} is not a file; - writes to standard output.`)
  if (force) return
  if (!terminal.input.isTTY) throw new Failure('invalid', `${file} is there already; --force overwrites it.`)
  if (await isConfirmed(terminal, `${file} is there already. Overwrite it? (yes or no)`)) return
  throw new Failure('invalid', `${file} was left as it was.`)
}

/** Who reads only the beginning, as `head` does, has got what was wanted. */
function unlessLeft(error: unknown): void {
  if (!isSystemError(error) || error.code !== 'EPIPE') throw error
}
