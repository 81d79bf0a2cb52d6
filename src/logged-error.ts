/**
 * What a log keeps of an error, as a pino serializer: not what Postgres and libraries add to one, which holds the
 * values that a statement was run with, and so what people wrote (trust, L1).
 */
export function loggedError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack, cause } = error
  const { code, constraint } = error as { code?: unknown; constraint?: unknown }
  return { type: name, message, code, constraint, stack, ...(cause !== undefined && { cause: loggedError(cause) }) }
}
