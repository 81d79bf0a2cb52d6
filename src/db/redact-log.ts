import type { Logger } from 'pino'

/**
 * The same log, that tells of errors without what people wrote (docs/trust.md, L1). Postgres and its drivers put values
 * of a statement into errors: `params`, `detail`, `where`, and the message where a value could not be read.
 */
export const redactedLog = (log: Logger): Logger => log.child({}, { serializers: { err: loggedError } })

interface LoggedError {
  readonly type: string
  readonly message: string
  /** Of Postgres, of the system or of a library. */
  readonly code?: unknown
  /** Names of our schema. */
  readonly constraint?: unknown
  readonly table?: unknown
  readonly stack?: string | undefined
  readonly cause?: LoggedError
}

/** What may be told of an error. */
function loggedError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: '' }
  const { name, message, stack, cause } = error
  const { code, constraint, table } = error as { code?: unknown; constraint?: unknown; table?: unknown }
  return {
    type: name,
    message: isOfValue(code) ? 'a value that Postgres refuses' : message,
    ...{ code, constraint, table },
    // It begins with the message.
    stack: stack
      ?.split('\n')
      .filter((line) => /^ +at /.test(line))
      .join('\n'),
    ...(cause !== undefined && { cause: loggedError(cause) }),
  }
}

/** Class 22 of Postgres, appendix A: its messages repeat the value. */
const isOfValue = (code: unknown): boolean => typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code)
