/**
 * Whether an error is Postgres's refusal to let us in, or to let us do something: an unknown database or role, a wrong
 * password, a right that the role lacks, a database that is only read.
 */
export function isRefused(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  const { severity, code } = error as { severity?: unknown; code?: unknown }
  return severity === 'FATAL' || code === '42501' || code === '25006'
}

/**
 * Whether an error says that the database cannot answer now, though it may in a moment: no connection to be had, one
 * that broke, a server that starts, stops or is full, too many writers at one place (Postgres, appendix A: classes 08,
 * 40, 53, 57P and 25006).
 */
export function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return (
    /^(08...|53...|57P0[1-5]|40001|40P01|57014|55P03|25006|25P03|E(CONN\w+|NOTFOUND|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN))$/.test(
      code,
    ) ||
    /^(Connection terminated|timeout exceeded when trying to connect|Client (has encountered|was closed))/.test(message)
  )
}

/** Whether an error says that the connection broke under a statement: on another one it may be answered at once. */
export function isBroken(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  return (
    /^(08...|57P01|57P02|25P03|ECONNRESET|EPIPE)$/.test(code) ||
    /^(Connection terminated unexpectedly|Client has encountered)/.test(message)
  )
}

/**
 * Whether an error says that a transaction met others, so that the same one may go well a moment later: it could not be
 * put in order with them, they waited for each other, or a lock was not to be had in time.
 */
export function isClash(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === '40001' || code === '40P01' || code === '55P03'
}
