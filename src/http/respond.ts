import type { Request, Response } from 'express'
import { isFresh, lastModified, type Validators } from './conditional.js'
import { encode, type Encoding } from './encoding.js'

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
 * document (wire reference, section 1.4).
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
