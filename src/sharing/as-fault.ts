import { isUnavailable } from '../db/transact.js'
import { Failure, type FailureCode } from '../errors.js'
import { Fault, type FaultName } from '../faults.js'

const names: Record<FailureCode, FaultName> = {
  invalid: 'invalidArgument.unspecified',
  unauthenticated: 'accessDenied.notLoggedIn',
  forbidden: 'accessDenied.unspecified',
  notFound: 'notFound.unspecified',
  methodNotAllowed: 'unsupportedOperation.unspecified',
  notImplemented: 'unsupportedOperation.unspecified',
  addressTooLong: 'invalidArgument.unspecified',
  bodyTooLarge: 'tooLarge.unspecified',
  headTooLarge: 'tooLarge.unspecified',
  tooSlow: 'invalidArgument.unspecified',
  mediaTypeUnsupported: 'invalidArgument.unspecified',
  connectionExists: 'conflict.connectionExists',
  preconditionFailed: 'invalidArgument.unspecified',
  tooMany: 'throttled.unspecified',
  unavailable: 'error.unspecified',
}

/**
 * Whatever was thrown, as a program is told of it. Status 503 says that the same call may go well a moment later; of an
 * unexpected error only the program sees the cause.
 */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  if (!(error instanceof Failure)) {
    return new Fault('error.unspecified', { cause: error, ...(isUnavailable(error) && { status: 503 }) })
  }
  const { code, message } = error
  return new Fault(names[code], { reason: message, ...(code === 'unavailable' && { status: 503 }) })
}

/** Runs a function of the module: what it rejects with is a `Fault`. */
export async function faultsOnly<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw asFault(error)
  }
}
