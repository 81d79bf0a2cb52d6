/** Whether an error is Postgres's refusal to let us in: an unknown database or role, a wrong password. */
export function isRefused(error: unknown): error is Error {
  return error instanceof Error && 'severity' in error && error.severity === 'FATAL'
}

/**
 * Whether an error says that the database cannot answer now, though it may in a moment: no connection to be had, one
 * that broke, a server that starts, stops or is full (Postgres, appendix A: classes 08, 53, 57P and 25006).
 */
export function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return (
    /^(08...|53...|57P0[1-5]|57014|55P03|25006|25P03|E(CONN\w+|NOTFOUND|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN))$/.test(
      code,
    ) ||
    /^(Connection terminated|timeout exceeded when trying to connect|Client (has encountered|was closed))/.test(message)
  )
}
