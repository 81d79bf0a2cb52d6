import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { looksLikeUtf16, markOf } from '../atom/encoding.js'
import { readRecorded } from '../atom/recorded.js'
import { type ShownConnection, statuses } from '../connections/model.js'
import { Failure } from '../errors.js'
import type { ImportedPerson } from '../people/merge.js'
import { readLine } from './lines.js'
import { checked, nonEmpty, identifier, message, name, past, profile, roles, state, uuid } from './values.js'

const MiB = 1024 * 1024
const maxLineBytes = MiB
const maxDocumentBytes = 8 * MiB

/**
 * Reads the items of a file. A directory file begins with `{` and is read line by line; a recorded document begins with
 * `<` or `HTTP/` and is read as a whole. Both may be UTF-16.
 *
 * @param onRead called with the size of each chunk
 * @throws Failure `invalid` with the file, the place in it and the reason
 */
export async function* readItems(file: string, onRead: (bytes: number) => void): AsyncGenerator<Item> {
  const [first, bytes] = await readAhead(chunksOf(file, onRead), ({ length }) => length >= 4)
  if (looksLikeUtf16(first)) {
    throw new Failure('invalid', `${file}: it looks like UTF-16 without a byte order mark. ${save}`)
  }
  const beginningOf = (start: Buffer) => start.toString('utf8').trimStart().slice(0, 5)
  const isKnown = (start: Buffer) => beginningOf(start).length === 5 || start.length >= MiB
  const [start, chunks] = await readAhead(toUtf8(file, first, bytes), isKnown)
  const beginning = beginningOf(start)
  if (beginning.startsWith('{')) yield* directoryItems(file, chunks)
  else if (beginning.startsWith('<') || beginning === 'HTTP/') yield* recordedItems(file, chunks)
  else {
    const why = beginning === '' ? 'it is empty' : 'it does not begin with {, < or HTTP/'
    throw new Failure('invalid', `${file}: neither a directory file nor a recorded document: ${why}.`)
  }
}

const save = 'Save it as UTF-8, or as UTF-16 with a byte order mark.'

type Chunks = AsyncGenerator<Buffer, undefined>

/** Reads until `isEnough`, or to the end. @returns the bytes read, and all chunks of the input including these bytes */
async function readAhead(chunks: Chunks, isEnough: (start: Buffer) => boolean): Promise<[start: Buffer, all: Chunks]> {
  let start = Buffer.alloc(0)
  while (!isEnough(start)) {
    const { value, done } = await chunks.next()
    if (done) break
    start = Buffer.concat([start, value])
  }
  const all = async function* (): Chunks {
    yield start
    yield* chunks
  }
  return [start, all()]
}

/**
 * Converts UTF-16 with a byte order mark to UTF-8. The mark stays, since it overrides the encoding that a document
 * declares.
 */
async function* toUtf8(file: string, start: Buffer, chunks: Chunks): Chunks {
  const mark = markOf(start)?.name
  if (mark !== 'UTF-16LE' && mark !== 'UTF-16BE') return yield* chunks
  const decoder = new TextDecoder(mark, { fatal: true, ignoreBOM: true })
  const utf8 = (chunk?: Buffer) => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: chunk !== undefined }))
    } catch (cause) {
      throw new Failure('invalid', `${file}: not valid UTF-16, but its byte order mark says UTF-16. ${save}`, { cause })
    }
  }
  for await (const chunk of chunks) yield utf8(chunk)
  yield utf8()
}

async function* chunksOf(file: string, onRead: (bytes: number) => void): Chunks {
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      onRead(chunk.length)
      yield chunk
    }
  } catch (error) {
    throw isSystemError(error) ? unreadable(file, error) : error
  }
}

/** Whether an error comes from the operating system. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  typeof error === 'object' && error !== null && 'syscall' in error

/** The failure for a file that cannot be read. */
export function unreadable(file: string, error: NodeJS.ErrnoException): Failure {
  const reason = error.code === 'ENOENT' ? 'there is no such file' : error.message
  return new Failure('invalid', `${file}: ${reason}.`, { cause: error })
}

async function* directoryItems(file: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Item> {
  let number = 0
  for await (const bytes of linesOf(chunks)) {
    const place = `${file}, line ${++number}`
    const item = atPlace(place, () => {
      if (bytes.length > maxLineBytes) throw new Failure('invalid', 'the line is longer than 1 MiB')
      const text = decodeLine(bytes)
      return text.trim() === '' ? undefined : readLine(text)
    })
    if (item) yield { place, ...item }
  }
}

/** Splits the input at line feeds. If a line is too long, yields more than `maxLineBytes` of it and stops. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, to)])
      rest = []
      length = 0
      from = to + 1
    }
    rest.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > maxLineBytes) break
  }
  if (length > 0) yield Buffer.concat(rest)
}

function decodeLine(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Failure('invalid', `not UTF-8. ${save}`, { cause: error })
  }
}

// `readRecorded` has checked the structure of documents; these schemas check the values.
const recordedPerson = z.object({
  key: uuid.optional(),
  userId: nonEmpty(identifier).optional(),
  login: identifier.optional(),
  email: identifier.optional(),
  name: name.optional(),
  state: state.optional(),
  external: z.boolean().optional(),
  roles: roles.optional(),
  profile: profile.optional(),
  updated: past.optional(),
  seen: past,
})

const recordedConnection = z.object({
  id: uuid,
  targetRowId: uuid.optional(),
  source: nonEmpty(identifier),
  target: nonEmpty(identifier),
  status: z.enum(statuses),
  inviter: z.enum(['source', 'target']),
  changedBy: z.enum(['source', 'target']),
  message: message.optional(),
  updated: past,
})

async function* recordedItems(file: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Item> {
  const parts: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > maxDocumentBytes) throw new Failure('invalid', `${file}: the document is larger than 8 MiB.`)
    parts.push(chunk)
  }
  const { people, connections } = atPlace(file, () => readRecorded(Buffer.concat(parts)))
  for (const { sighting, place } of people) {
    const where = `${file}, ${place}`
    yield { place: where, person: atPlace(where, () => checked(recordedPerson, sighting)) }
  }
  for (const { shown, place } of connections) {
    const where = `${file}, ${place}`
    yield { place: where, connection: atPlace(where, () => checked(recordedConnection, shown)) }
  }
}

/** A person or a pair, with its place in the file. */
export type Item = ShownPerson | ShownPair

export interface ShownPerson {
  readonly place: string
  readonly person: ImportedPerson
}

export interface ShownPair {
  readonly place: string
  readonly connection: ShownConnection
}

export const isPerson = (item: Item): item is ShownPerson => 'person' in item
export const isPair = (item: Item): item is ShownPair => 'connection' in item

/**
 * Runs `work` for one place in a file.
 *
 * @throws the Failure of `work`, with the place before the message
 */
export function atPlace<Result>(place: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof Failure) throw new Failure(error.code, `${place}: ${error.message}`, { cause: error })
    throw error
  }
}
