import { STATUS_CODES } from 'node:http'
import type { Logger } from 'pino'
import { failureDocument } from '../atom/documents.js'
import { isUnavailable } from '../db/transact.js'
import { Failure, type FailureCode } from '../errors.js'
import type { Fault } from '../faults.js'
import { challenge } from '../identity/authenticate.js'
import { failurePage } from '../pages/layout.js'
import { to } from '../pages/links.js'
import { asFault } from '../sharing/api.js'
import { type Answer, type Fields, redirect, unstored } from './answer.js'
import { type Head, wantsPage } from './exchange.js'
import { logRefusal, secondsToRetry } from './log.js'
import { pageFields, pageType, placeOf } from './pages/page.js'
import { json } from './v2/request.js'

/** The status and error document of a failure (docs/wire.md, Errors). */
interface WireError {
  readonly status: number
  /** The `code` of the document, if it differs from the status. */
  readonly code?: string
  readonly message: string
}

const invalid = 'CLFRN1172E: The request is invalid.'
const exists = 'CLFRN1168E: A connection to this user already exists or is pending.'
const notAuthorized = 'CLFRN1174E: You are not authorized to perform that action.'
const broken = 'CLFRN1120E: An error occurred.'

const wireErrors = {
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
} satisfies Record<FailureCode, WireError>

/**
 * Logs an error, and returns its answer: the error document of the API, or a page for a browser. A browser without
 * valid credentials is redirected to the sign-in page, unless it uses Basic. The answer never shows the cause.
 */
export function failureAnswer(log: Logger, head: Head, error: unknown): Answer {
  const failure = error instanceof Failure ? error : unexpected(error, log)
  const wire: WireError = failure ? wireErrors[failure.code] : { status: 500, message: broken }
  const { status, message } = wire
  logRefusal(log, head, status, error)
  const fields = refusalFields(status, error)
  if (!wantsPage(head)) return { ...unstored(documentOf(wire, failure?.message), documentType), status, fields }
  if (status === 401 && head.headers.authorization === undefined) {
    return redirect(to.signInThen(head.method === 'GET' ? placeOf(head) : undefined))
  }
  const page = failurePage(failure?.message ?? message)
  return { ...unstored(page, pageType), status, fields: { ...pageFields, ...fields } }
}

const documentType = 'text/xml;charset=UTF-8'

function documentOf({ status, code = String(status), message }: WireError, sentence?: string): string {
  return failureDocument(code, sentence === undefined ? message : `${message} ${sentence}`)
}

const refusalFields = (status: number, error: unknown): Fields => ({
  ...(status === 401 && { 'WWW-Authenticate': challenge }),
  ...((status === 429 || status === 503) && { 'Retry-After': secondsToRetry(error) }),
})

/**
 * Logs an unexpected error.
 *
 * @returns the failure to report if the database is temporarily unavailable, otherwise undefined
 */
function unexpected(error: unknown, log: Logger): Failure | undefined {
  if (isUnavailable(error)) {
    log.warn({ err: error }, 'database unavailable')
    return new Failure('unavailable', 'The server is temporarily unavailable. Try again in a moment.', { cause: error })
  }
  log.error({ err: error }, 'request failed')
  return undefined
}

/** The raw answer to data that Node does not pass on as a request. It tells the client that the connection closes. */
export function answerWithoutRequest({ code, message }: Failure): { readonly status: number; readonly text: string } {
  const wire: WireError = wireErrors[code]
  const { status } = wire
  const document = documentOf(wire, message)
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

/** The HTTP status of a failure on a `/v2` route, if it differs from the status of the corresponding fault. */
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
 * Logs an error of a `/v2` route, and returns its answer: a fault as JSON (docs/module.md, Faults). The status is 401
 * if an anonymous caller has to sign in.
 */
export function faultAnswer(log: Logger, head: Head, error: unknown): Answer {
  const fault = asFault(error)
  if (fault.cause !== undefined) unexpected(fault.cause, log)
  const status = faultStatus(fault, error)
  logRefusal(log, head, status, error)
  const answer = json({ ...fault.toJSON(), status }, status)
  return { ...answer, fields: { ...answer.fields, ...refusalFields(status, error) } }
}

function faultStatus(fault: Fault, error: unknown): number {
  const status = error instanceof Failure ? statuses[error.code] : undefined
  return status ?? (fault.errCode === 'cortex.accessDenied.notLoggedIn' ? 401 : fault.status)
}
