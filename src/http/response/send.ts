import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Request, Response } from 'express'
import type { PageLinks } from '../../atom/feed.js'
import type { Context } from '../../context.js'
import { chooseEncoding, encode, type Encoding } from '../request/accept.js'
import { linkField } from './paging.js'
import { entityTag, isFresh, lastModified, type Validators } from './validators.js'

/** Whatever may differ in an answer differs by these request fields. */
const varying = 'Accept, Accept-Encoding, Authorization, Cookie'

/**
 * Answers 304 when the client's copy is still good, and says so.
 *
 * @param validators of the representation that the client would get
 */
export function answeredNotModified(request: Request, response: Response, validators: Validators, now: Date): boolean {
  setCaching(response, validators, now)
  if (!isFresh(request.headers, validators, now)) return false
  response.status(304).end()
  return true
}

/** Answers 200 with a whole document of one media type; to HEAD with its fields alone. */
export async function sendDocument(
  response: Response,
  document: { text: string; type: string; encoding: Encoding; validators: Validators; now: Date; link?: string },
): Promise<void> {
  const body = await encode(document.text, document.encoding)
  setCaching(response, document.validators, document.now)
  if (document.encoding !== 'identity') response.setHeader('Content-Encoding', document.encoding)
  if (document.link !== undefined) response.setHeader('Link', document.link)
  response.setHeader('Content-Type', document.type)
  response.setHeader('Content-Length', body.length)
  response.end(body)
}

/**
 * Answers a write: without a body, and called HTML, since a known client takes an empty body called XML for a broken
 * document (docs/wire.md, Response headers).
 */
export function sendNothing(response: Response, status: 200 | 201): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Type', 'text/html')
  response.setHeader('Content-Length', 0)
  response.status(status).end()
}

/** Answers a write with a document that is of this moment alone. */
export function sendUnstored(response: Response, text: string, type: string): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}

/** Answers 200 with bytes of one media type, as they are; to HEAD with their fields alone. */
export function sendBytes(
  response: Response,
  { bytes, type, validators, now }: { bytes: Uint8Array; type: string; validators: Validators; now: Date },
): void {
  setCaching(response, validators, now)
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', bytes.byteLength)
  response.end(bytes)
}

function setCaching(response: Response, { tag, changed }: Validators, now: Date): void {
  response.setHeader('ETag', tag)
  response.setHeader('Cache-Control', 'private, no-cache')
  response.vary(varying)
  response.removeHeader('Last-Modified')
  const date = changed && lastModified(changed, now)
  if (date !== undefined) response.setHeader('Last-Modified', date)
}

/** A document that has not been written yet. */
interface Answer {
  readonly type: string
  /** Everything that makes the document what it is: at one address, the same gives the same text. */
  readonly madeOf: readonly unknown[]
  /**
   * When it last changed, for `Last-Modified`. A client's copy is never called good by this date alone: profiles carry
   * the dates of the documents they came from, and one may bring more than another of the same date.
   */
  readonly changed?: Date | undefined
  readonly links?: PageLinks
  /** More header fields. */
  readonly fields?: Readonly<Record<string, string>>
  readonly write: () => string | Promise<string>
}

/** Answers with a document, or 304 to a client that has it: then it is not written at all. */
export async function answerWith(
  context: Context,
  request: Request,
  response: Response,
  { type, madeOf, changed, links, fields = {}, write }: Answer,
): Promise<void> {
  const now = context.now()
  const encoding = chooseEncoding(request)
  const tag = entityTag([context.release, ...madeOf], encoding)
  // A cache that is told 304 takes over its fields, so they are those of the answer.
  response.set(fields)
  if (answeredNotModified(request, response, { tag }, now)) return
  const text = await write()
  const validators = changed ? { tag, changed } : { tag }
  await sendDocument(response, { text, type, encoding, validators, now, ...(links && { link: linkField(links) }) })
}

/** Takes a few milliseconds with the largest entries. */
const entriesPerChunk = 25

/** Maps values, and lets others be answered after every few of them. */
export async function inChunks<Value, Result>(
  values: readonly Value[],
  map: (value: Value) => Result,
): Promise<Result[]> {
  const results: Result[] = []
  for (const value of values) {
    if (results.length > 0 && results.length % entriesPerChunk === 0) await nextTurn()
    results.push(map(value))
  }
  return results
}
