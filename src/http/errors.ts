import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler, Request, Response } from 'express'
import type { Logger } from 'pino'
import { failureDocument } from '../atom/documents.js'
import { isUnavailable } from '../db/transact.js'
import { Failure, type FailureCode } from '../errors.js'
import type { Fault } from '../faults.js'
import { challenge } from '../identity/authenticate.js'
import { failurePage } from '../pages/layout.js'
import { to } from '../pages/links.js'
import { asFault } from '../sharing/api.js'
import { logRefusal, secondsToRetry } from './log.js'
import { pageFields, pageType, placeOf, redirect } from './pages/page.js'
import { wantsPage } from './request/accept.js'
import { sendJson } from './v2/request.js'

interface Answer {
  status: number
  /** What `code` holds in the document, where that is not the status. */
  code?: string
  message: string
}

const invalid = 'CLFRN1172E: The request is invalid.'
const exists = 'CLFRN1168E: A connection to this user already exists or is pending.'
const notAuthorized = 'CLFRN1174E: You are not authorized to perform that action.'
const broken = 'CLFRN1120E: An error occurred.'

const answers = {
  invalid: { status: 400, message: invalid },
  unauthenticated: { status: 401, message: invalid },
  forbidden: { status: 403, message: notAuthorized },
  notFound: { status: 404, message: invalid },
  methodNotAllowed: { status: 405, message: invalid },
  notImplemented: { status: 501, message: invalid },
  addressTooLong: { status: 414, message: invalid },
  bodyTooLarge: { status: 413, message: invalid },
  headTooLarge: { status: 431, message: invalid },
  tooSlow: { status: 408, message: invalid },
  mediaTypeUnsupported: { status: 415, message: invalid },
  connectionExists: { status: 400, code: '', message: exists },
  preconditionFailed: { status: 412, message: invalid },
  tooMany: { status: 429, message: invalid },
  unavailable: { status: 503, message: broken },
} satisfies Record<FailureCode, Answer>

/**
 * Turns whatever was thrown into the API's error document (docs/wire.md, Errors), or for a browser into a page; who has
 * to sign in and can is led there. The cause is only logged.
 */
export function failureHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error)
    const failure = error instanceof Failure ? error : unexpected(error, log)
    const answer: Answer = failure ? answers[failure.code] : { status: 500, message: broken }
    logRefusal(log, request, answer.status, error)
    if (answer.status === 429 || answer.status === 503) response.setHeader('Retry-After', secondsToRetry(error))
    if (!wantsPage(request)) return send(response, answer, failure?.message)
    if (answer.status === 401 && request.headers.authorization === undefined) return redirectToSignIn(request, response)
    sendPage(response, answer, failure?.message)
  }
}

/**
 * Logs what no code of ours throws on purpose.
 *
 * @returns what may be said where the database is only away for a moment
 */
function unexpected(error: unknown, log: Logger): Failure | undefined {
  if (isUnavailable(error)) {
    log.warn({ err: error }, 'database unavailable')
    return new Failure('unavailable', 'The server cannot answer just now; try again in a moment.', { cause: error })
  }
  log.error({ err: error }, 'request failed')
  return undefined
}

function redirectToSignIn(request: Request, response: Response): void {
  redirect(response, to.signInThen(request.method === 'GET' ? placeOf(request) : undefined))
}

function sendPage(response: Response, answer: Answer, sentence = answer.message): void {
  response.set(pageFields)
  sendRefusal(response, answer, pageType, failurePage(sentence))
}

function send(response: Response, answer: Answer, sentence?: string): void {
  sendRefusal(response, answer, documentType, documentOf(answer, sentence))
}

const documentType = 'text/xml;charset=UTF-8'

function documentOf({ status, code = String(status), message }: Answer, sentence?: string): string {
  return failureDocument(code, sentence === undefined ? message : `${message} ${sentence}`)
}

/** The whole answer to what never became a request, after which the connection is closed. */
export function answerWithoutRequest({ code, message }: Failure): { readonly status: number; readonly text: string } {
  const answer: Answer = answers[code]
  const { status } = answer
  const document = documentOf(answer, message)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `Content-Type: ${documentType}`,
    `Content-Length: ${Buffer.byteLength(document)}`,
  ]
  return { status, text: `${head.join('\r\n')}\r\n\r\n${document}` }
}

function sendRefusal(response: Response, { status }: Answer, type: string, document: string): void {
  for (const name of ['ETag', 'Last-Modified', 'Link', 'Content-Encoding']) response.removeHeader(name)
  response.status(status)
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Type', type)
  if (status === 401) response.setHeader('WWW-Authenticate', challenge)
  response.setHeader('Content-Length', Buffer.byteLength(document))
  response.end(document)
}

/** Where HTTP has a status of its own for a refusal. */
const statuses: Partial<Record<FailureCode, number>> = {
  methodNotAllowed: 405,
  notImplemented: 501,
  addressTooLong: 414,
  headTooLarge: 431,
  tooSlow: 408,
  mediaTypeUnsupported: 415,
  preconditionFailed: 412,
}

/**
 * Turns whatever was thrown into a fault as JSON (docs/module.md, Faults). Nobody who calls without an account is asked
 * to sign in; the cause of what is unexpected is only logged.
 */
export function faultHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error)
    const { status, fault } = answerTo(error, log)
    logRefusal(log, request, status, error)
    if (status === 401) response.setHeader('WWW-Authenticate', challenge)
    if (status === 429 || status === 503) response.setHeader('Retry-After', secondsToRetry(error))
    sendJson(response, { ...fault.toJSON(), status }, status)
  }
}

function answerTo(error: unknown, log: Logger): { status: number; fault: Fault } {
  const fault = asFault(error)
  if (fault.cause !== undefined) unexpected(fault.cause, log)
  const status = error instanceof Failure ? statuses[error.code] : undefined
  const isNobody = fault.errCode === 'cortex.accessDenied.notLoggedIn'
  return { status: status ?? (isNobody ? 401 : fault.status), fault }
}
