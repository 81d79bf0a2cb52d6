import type { Logger } from 'pino'

/**
 * Returns a child logger that removes user data from logged errors (docs/trust.md, L1). Postgres and its driver include
 * values of a statement in an error: in its parameters, detail and context, and sometimes in its message.
 */
export const redactedLog = (log: Logger): Logger => log.child({}, { serializers: { err: loggedError } })

interface LoggedError {
  readonly type: string
  readonly message: string
  /** Error code of Postgres, the operating system or a library. */
  readonly code?: unknown
  /** Names of database objects. */
  readonly constraint?: unknown
  readonly table?: unknown
  readonly stack?: string | undefined
  readonly cause?: LoggedError
}

function loggedError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: '' }
  const { name, message, stack, cause } = error
  const { code, constraint, table } = error as { code?: unknown; constraint?: unknown; table?: unknown }
  return {
    type: name,
    message: isDataError(code) ? 'a value that Postgres refuses' : message,
    ...{ code, constraint, table },
    // A stack begins with the message, so log only the frames.
    stack: stack
      ?.split('\n')
      .filter((line) => /^ +at /.test(line))
      .join('\n'),
    ...(cause !== undefined && { cause: loggedError(cause) }),
  }
}

/**
 * Whether an error code is of class 22, data exception (PostgreSQL, appendix A). Messages of this class quote the
 * value.
 */
const isDataError = (code: unknown): boolean => typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code)
