/**
 * The error codes of refused requests and commands. HTTP maps them to a status (`http/refusals.ts`), the command line
 * to exit status 1.
 */
export type FailureCode =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'notFound'
  | 'methodNotAllowed'
  | 'notImplemented'
  | 'addressTooLong'
  | 'bodyTooLarge'
  | 'headTooLarge'
  | 'tooSlow'
  | 'mediaTypeUnsupported'
  | 'connectionExists'
  | 'preconditionFailed'
  | 'tooMany'
  | 'unavailable'

/**
 * A refusal shown to the caller. The message states the problem and, if there is one, the remedy. Messages never
 * contain SQL or a stack trace, and over HTTP no data of other people. The underlying error, if any, is the `cause`.
 */
export class Failure extends Error {
  override name = 'Failure'
  /** Seconds until a retry is useful, if known. */
  readonly retryAfter: number | undefined

  constructor(
    readonly code: FailureCode,
    message: string,
    options: ErrorOptions & { readonly retryAfter?: number } = {},
  ) {
    super(message, options)
    this.retryAfter = options.retryAfter
  }
}
