/**
 * Every way in which a request or a command can be refused. Each door translates the code into its own words
 * (HTTP: `http/errors.ts`; the command line: exit status 1).
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
 * A refusal that the asker may read. The message is a sentence that says what was wrong and what would do;
 * it never holds another person's data, SQL or a stack. The true reason, where there is one, is the `cause`.
 */
export class Failure extends Error {
  override name = 'Failure'
  /** After how many seconds it may be tried again, where that is known. */
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
