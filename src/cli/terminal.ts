import { isUtf8 } from 'node:buffer'
import type { Readable, Writable } from 'node:stream'
import { read } from 'read'
import { Failure } from '../errors.js'

/** The streams of a command. Tests replace the process's own streams. */
export interface Terminal {
  readonly input: Readable & { isTTY?: boolean }
  readonly output: Writable & { isTTY?: boolean }
  readonly errors: Writable & { isTTY?: boolean }
}

/**
 * Reads a new password: at a terminal by two hidden prompts, otherwise from the first line of the input. A password is
 * never a command-line argument, since every process on the machine could read it.
 *
 * @throws Failure `invalid` if the password is missing, not repeated correctly, or not UTF-8
 */
export async function askPassword(terminal: Terminal): Promise<string> {
  const password = terminal.input.isTTY ? await typedTwice(terminal) : await firstLine(terminal.input)
  if (password === '') throw new Failure('invalid', 'No password was given. Nothing was changed.')
  return password
}

/** Asks a question at a terminal. Any answer but `yes` and `y` means no. */
export async function isConfirmed({ input, errors }: Terminal, question: string): Promise<boolean> {
  const answer = await read({ prompt: question, terminal: true, input, output: errors }).catch(() => '')
  return /^y(es)?$/i.test(answer.trim())
}

async function typedTwice(terminal: Terminal): Promise<string> {
  const password = await typed(terminal, 'Password:')
  const repeated = await typed(terminal, 'Repeat the password:')
  if (repeated === password) return password
  throw new Failure('invalid', 'The passwords do not match. Nothing was changed.')
}

/** Prompts on the error stream, since the output may be a file. */
async function typed({ input, errors }: Terminal, prompt: string): Promise<string> {
  try {
    return await read({ prompt, silent: true, terminal: true, input, output: errors })
  } catch (error) {
    throw new Failure('invalid', 'No password was given. Nothing was changed.', { cause: error })
  } finally {
    errors.write('\n')
  }
}

/** Reads the first line. Node's readline would also split at other characters, which a password may contain. */
async function firstLine(input: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of input as AsyncIterable<Buffer | string>) {
    chunks.push(Buffer.from(chunk))
    if (chunks.at(-1)?.includes('\n')) break
  }
  const bytes = Buffer.concat(chunks)
  const end = bytes.indexOf('\n')
  const line = end === -1 ? bytes : bytes.subarray(0, end)
  if (!isUtf8(line)) throw new Failure('invalid', 'The password is not in UTF-8.')
  return line.toString().replace(/\r$/, '')
}
