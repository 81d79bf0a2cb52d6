import type { Logger } from 'pino'

/**
 * Returns a child log without user data in its errors (docs/trust.md, L1). Postgres and its driver put values of a
 * statement into an error: in its parameters, its detail, its context, and sometimes its message.
 */
export const redactedLog = (log: Logger): Logger => log.child({}, { serializers: { err: loggedError } })

interface LoggedError {
  readonly type: string
  readonly message: string
  /** From Postgres, the operating system or a library. */
  readonly code?: unknown
  /** Names of our schema. */
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
    // Frames only: a stack begins with the message.
    stack: stack
      ?.split('\n')
      .filter((line) => /^ +at /.test(line))
      .join('\n'),
    ...(cause !== undefined && { cause: loggedError(cause) }),
  }
}

/** Error class 22 (PostgreSQL, appendix A): the message repeats the value. */
const isDataError = (code: unknown): boolean => typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code)
