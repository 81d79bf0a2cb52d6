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
 * `import`: imports directory files and recorded documents. Reports the numbers of changes, and the sign-in names that
 * moved to another person. Shows a progress bar at a terminal.
 *
 * @throws Failure `invalid` if a file is missing or malformed; nothing is imported then
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
    terminal.output.write(`People: ${countsLine(accounts)}\nConnections: ${countsLine(colleagues)}\n`)
    for (const loss of losses) terminal.output.write(`${lossLine(loss)}\n`)
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

const countsLine = ({ added, changed, unchanged }: Counts) =>
  `${added} added, ${changed} changed, ${unchanged} unchanged.`

const fields = { userId: 'user id', email: 'address', login: 'login' }

function lossLine({ field, name, loser, holder }: LostName): string {
  const [from, to] = [loser, holder].map((person) => `${person.name} (${person.userId})`)
  const disabled = ` The account of ${from} is disabled; its sessions and app passwords have ended.`
  return `The ${fields[field]} ${name} moved from ${from} to ${to}.${field === 'userId' ? disabled : ''}`
}

/**
 * `export`: writes the directory to a file that only its owner can read, or for `-` to standard output. The file gets
 * its name only when it is complete, so that no other program reads a partial file.
 *
 * @param force overwrites a file without asking
 * @throws Failure `invalid` if the file cannot be written, or exists and may not be overwritten
 */
export async function exportCommand(
  terminal: Terminal,
  db: Kysely<Tables>,
  file: string,
  force = false,
): Promise<void> {
  if (file === '-') {
    await exportLines(db, (lines) => pipeline(lines, terminal.output, { end: false })).catch(unlessPipeClosed)
    return
  }
  await checkOverwrite(terminal, file, force)
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

/** Refuses devices and pipes even with `--force`: the rename would replace them with a file. */
async function checkOverwrite(terminal: Terminal, file: string, force: boolean): Promise<void> {
  const existing = await stat(file).catch(() => undefined)
  if (!existing) return
  if (!existing.isFile()) throw new Failure('invalid', `${file} is not a file; - writes to standard output.`)
  if (force) return
  if (!terminal.input.isTTY) throw new Failure('invalid', `${file} already exists; --force overwrites it.`)
  if (await isConfirmed(terminal, `${file} already exists. Overwrite it? (yes or no)`)) return
  throw new Failure('invalid', `${file} was not changed.`)
}

/** A reader such as `head` may close the pipe early. */
function unlessPipeClosed(error: unknown): void {
  if (!isSystemError(error) || error.code !== 'EPIPE') throw error
}
