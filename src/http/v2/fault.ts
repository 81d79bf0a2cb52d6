import type { ErrorRequestHandler } from 'express'
import type { Logger } from 'pino'
import { challenge } from '../../auth/identify.js'
import { Failure, type FailureCode } from '../../errors.js'
import type { Fault } from '../../faults.js'
import { asFault } from '../../module/as-fault.js'
import { unexpected } from '../fail.js'
import { noteRefusal, secondsToRetry } from '../refusal.js'
import { sendJson } from './json.js'

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
  const fault = asFault(error)
  if (fault.cause !== undefined) unexpected(fault.cause, log)
  const status = error instanceof Failure ? statuses[error.code] : undefined
  const isNobody = fault.errCode === 'cortex.accessDenied.notLoggedIn'
  return { status: status ?? (isNobody ? 401 : fault.status), fault }
}
