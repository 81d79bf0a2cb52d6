import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Kysely } from 'kysely'
import { v7 as newId } from 'uuid'
import type { Tables } from '../db/tables.js'
import { exportLines } from '../directory/export.js'
import { isSystemError } from '../directory/read.js'
import { Failure } from '../errors.js'
import { isConfirmed } from './ask.js'
import type { Terminal } from './terminal.js'

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
