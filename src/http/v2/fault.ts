import type { ErrorRequestHandler } from 'express'
import type { Logger } from 'pino'
import { challenge } from '../../auth/identify.js'
import { Failure, type FailureCode } from '../../errors.js'
import { Fault, type FaultName } from '../../faults.js'
import { unexpected } from '../fail.js'
import { noteRefusal, secondsToRetry } from '../refusal.js'
import { sendJson } from './json.js'

/** What a refusal of the server around the module is to a program. */
const faults: Record<FailureCode, { status: number; name: FaultName }> = {
  invalid: { status: 400, name: 'invalidArgument.unspecified' },
  unauthenticated: { status: 401, name: 'accessDenied.notLoggedIn' },
  forbidden: { status: 403, name: 'accessDenied.unspecified' },
  notFound: { status: 404, name: 'notFound.unspecified' },
  methodNotAllowed: { status: 405, name: 'unsupportedOperation.unspecified' },
  addressTooLong: { status: 414, name: 'invalidArgument.unspecified' },
  bodyTooLarge: { status: 413, name: 'tooLarge.unspecified' },
  mediaTypeUnsupported: { status: 415, name: 'invalidArgument.unspecified' },
  connectionExists: { status: 409, name: 'conflict.connectionExists' },
  preconditionFailed: { status: 412, name: 'invalidArgument.unspecified' },
  tooMany: { status: 429, name: 'throttled.unspecified' },
  unavailable: { status: 503, name: 'error.unspecified' },
}

/**
 * Turns whatever was thrown into a fault as JSON (reference connections-module.md, section 12). Nobody who calls without an
 * account is asked to sign in; the cause of what is unexpected is only logged.
 */
export function faultHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error)
    const { status, fault } = answerTo(error, log)
    noteRefusal(log, request, status, error)
    if (status === 401) response.setHeader('WWW-Authenticate', challenge)
    if (status === 429 || status === 503) response.setHeader('Retry-After', secondsToRetry(error))
    sendJson(response, { ...fault.toJSON(), status }, status)
  }
}

function answerTo(error: unknown, log: Logger): { status: number; fault: Fault } {
  if (error instanceof Fault) {
    return { status: error.errCode === 'cortex.accessDenied.notLoggedIn' ? 401 : error.status, fault: error }
  }
  if (error instanceof Failure) {
    const { status, name } = faults[error.code]
    return { status, fault: new Fault(name, { reason: error.message }) }
  }
  return { status: unexpected(error, log) ? 503 : 500, fault: new Fault('error.unspecified') }
}
