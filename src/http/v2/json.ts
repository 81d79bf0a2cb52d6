import { isUtf8 } from 'node:buffer'
import type { Request, Response } from 'express'
import { Failure } from '../../errors.js'
import { bodyOf } from '../body.js'
import { sendUnstored } from '../respond.js'

/**
 * Answers with a JSON document that is of this moment alone. What it is fetched by may be a token, which no other address
 * is told, should a browser make links of it (trust, L3).
 */
export function sendJson(response: Response, value: unknown, status = 200): void {
  response.status(status)
  response.setHeader('Referrer-Policy', 'no-referrer')
  sendUnstored(response, JSON.stringify(value), 'application/json;charset=UTF-8')
}

/** Answers with a value: an object as it is, anything else as a result (reference connections-module.md, section 17). */
export function sendValue(response: Response, value: unknown): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  sendJson(response, isObject ? value : { object: 'result', data: value })
}

/**
 * The JSON object in the body of a request.
 *
 * @throws Failure `invalid` where it is none
 */
export function readJson(request: Request): Readonly<Record<string, unknown>> {
  const bytes = bodyOf(request)
  if (bytes.length === 0) throw new Failure('invalid', 'The request has no body; send a JSON object.')
  if (!isUtf8(bytes)) throw new Failure('invalid', 'The body is not in UTF-8.')
  try {
    // JSON has no byte order mark, but some editors write one.
    const value: unknown = JSON.parse(
      Buffer.from(bytes)
        .toString()
        .replace(/^\uFEFF/, ''),
    )
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    throw new Failure('invalid', 'The body is not JSON.', { cause })
  }
  throw new Failure('invalid', 'The body has to be a JSON object.')
}
