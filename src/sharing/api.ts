import { isUnavailable } from '../db/transact.js'
import { Failure, type FailureCode } from '../errors.js'
import { Fault, type FaultName, Refusal } from '../faults.js'
import { apply } from './accept-invitation.js'
import type { CallerScope } from './context.js'
import { create } from './create.js'
import { remove } from './delete.js'
import { linkTo } from './link.js'
import { type ConnectionList, list } from './list.js'
import type { Level } from './object-types.js'
import { getToken, read } from './read.js'
import type { Connection } from './show.js'

/** A target of `create`: the account with this `_id`, otherwise the owner of the e-mail address. */
export interface TargetInput {
  readonly _id?: string | null
  readonly email?: string | null
  /**
   * The requested level; by default, the minimum of the type. The granted level may differ (docs/module.md, Granted
   * level).
   */
  readonly access?: Level | null
  readonly roles?: string | readonly string[] | null
  /** The name of the target, also used as the greeting in e-mails. */
  readonly name?: { readonly first?: string | null; readonly last?: string | null } | null
  /** Whether to connect at once; see `forceAuto`. */
  readonly auto?: boolean | null
  readonly object?: 'account' | 'accounts' | null
}

interface SkipsAcl {
  /** Skips all checks of access. */
  readonly skipAcl?: boolean | null
}

interface Sharing extends SkipsAcl {
  /** The app of the connections, if the caller has no app. */
  readonly connectionAppKey?: string | null
  /** Allows connections even if the type of the object does not (`allowConnections`). */
  readonly forceAllowConnections?: boolean | null
}

export interface CreateOptions extends Sharing {
  /** Allows `auto` even if the type requires acceptance, and makes it the default for targets with an `_id`. */
  readonly forceAuto?: boolean | null
  /** Sends no e-mails. */
  readonly skipNotification?: boolean | null
}

export interface LinkOptions extends Sharing {
  readonly expiresInMs?: number | null
  /** A date, an ISO 8601 text or milliseconds since 1970; wins over `expiresInMs`. */
  readonly expiresAt?: Date | string | number | null
  /** 1 to 1,000,000; by default unlimited. */
  readonly usesRemaining?: number | null
  readonly roles?: string | readonly string[] | null
}

interface Projection {
  /** Shows only these paths, such as `context` or `target.email`, besides `_id` and `object`. At most 100. */
  readonly paths?: readonly string[] | null
  /** Optional properties to show as well; references among them are expanded. */
  readonly include?: readonly string[] | null
  /** References to expand: `context`, `creator`, `target.account`. */
  readonly expand?: readonly string[] | null
}

export interface ReadOptions extends SkipsAcl, Projection {
  /** Accepts a caller with an unverified account. */
  readonly skipAccountTest?: boolean | null
  readonly includeToken?: boolean | null
  readonly includeUrl?: boolean | null
  readonly includeKey?: boolean | null
}

export interface ListOptions extends SkipsAcl, Projection {
  /** At most 10,000. */
  readonly skip?: number | null
  /** 1 to 1000, by default 100. */
  readonly limit?: number | null
  readonly where?: unknown
  readonly map?: unknown
  readonly sort?: unknown
  readonly group?: unknown
  /**
   * `creator`: connections made by the caller. `target`: connections for the caller. `context`: connections on contexts
   * that the caller manages. By default, these contexts are the caller's own account and all contexts that a connection
   * lets the caller share. If `where` names contexts (`context: id`, or `$in` with at most 100), lists only those of
   * them that the caller owns or may share. Objects of an application must be named in this way.
   */
  readonly show?: 'creator' | 'target' | 'context' | null
  /** 0 for pending, 1 for active. */
  readonly state?: 0 | 1 | null
  /** Types of contexts. */
  readonly objects?: string | readonly string[] | null
  /** Lists the connections after the one with this id. */
  readonly startingAfter?: string | null
  /** Lists the connections before the one with this id. */
  readonly endingBefore?: string | null
}

/**
 * The `connections` module (docs/module.md, Calling). Every function acts for the caller of its scope, and rejects with
 * a `Fault`. Status 503 of a fault means a temporary failure, such as an overload. Unknown options are ignored.
 */
export interface Connections {
  /**
   * Accepts an invitation for the caller. With `skipAcl`, accepts it for its target instead: the invited account, or
   * the verified account with the invited address. If no verified account has the address, accepts it for the caller.
   */
  apply(token: string, options?: SkipsAcl | null): Promise<Connection>
  /**
   * Connects targets with an object. The result has an element for each target, in order: its connection, or a `Fault`
   * with the reason for the refusal.
   */
  create(
    objects: string,
    id: string,
    targets: TargetInput | readonly TargetInput[],
    options?: CreateOptions | null,
  ): Promise<(Connection | Fault)[]>
  /**
   * Creates a link to an object. Holders of its token may read the object with this level, as long as the creator is
   * active and may still grant the level.
   */
  linkTo(objects: string, id: string, access?: Level | null, options?: LinkOptions | null): Promise<Connection>
  /** Lists the caller's connections with objects of defined types, ordered by `_id` by default. */
  list(options?: ListOptions | null): Promise<ConnectionList>
  /**
   * Reads a connection by id or token, or the value at a path, as in `<token>/context/name`. Reading a link by its
   * token costs one of its uses, if they are limited.
   */
  read(tokenOrId: string, options?: ReadOptions | null): Promise<Connection>
  read<Value>(tokenOrIdAndPath: string, options?: ReadOptions | null): Promise<Value>
  /**
   * Deletes a connection: declines or withdraws an invitation, leaves an object, revokes access, or ends a link. The
   * owner of an object may delete every connection with it.
   */
  delete(tokenOrId: string, options?: SkipsAcl | null): Promise<true>
  /**
   * Returns the token of an invitation or a link; null if there is none. Rejects if the caller may not see the token.
   */
  getToken(id: string): Promise<string | null>
}

/** The functions of the module. Each call acts in the scope of its caller, and waits in the module's queue. */
export const connectionsIn = (scope: () => CallerScope): Connections =>
  functionsFor((work) =>
    faultsOnly(() => {
      const current = scope()
      return current.module.inTurn(() => work(current))
    }),
  )

/**
 * The functions of the module for one HTTP request. They bypass the queue, since the HTTP server limits requests
 * itself.
 */
export const connectionsOf = (scope: CallerScope): Connections => functionsFor((work) => faultsOnly(() => work(scope)))

type Call = <Result>(work: (scope: CallerScope) => Promise<Result>) => Promise<Result>

const functionsFor = (call: Call): Connections => ({
  apply: (token, options) => call((scope) => apply(scope, token, options)),
  create: async (objects, id, targets, options) => {
    const outcomes = await call((scope) => create(scope, objects, id, targets, options))
    return outcomes.map((each) => (each instanceof Refusal ? asFault(each) : each))
  },
  linkTo: (objects, id, access, options) => call((scope) => linkTo(scope, objects, id, access, options)),
  list: (options) => call((scope) => list(scope, options)),
  read: async <Value>(tokenOrId: string, options?: ReadOptions | null) =>
    (await call((scope) => read(scope, tokenOrId, options))) as Value,
  delete: (tokenOrId, options) => call((scope) => remove(scope, tokenOrId, options)),
  getToken: (id) => call((scope) => getToken(scope, id)),
})

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
 * Converts an error to a fault; a temporary failure gets the status 503. Only programs, not HTTP clients, see the cause
 * of an unexpected error.
 */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  if (error instanceof Refusal) return new Fault(error.code, error.details)
  if (!(error instanceof Failure)) {
    return new Fault('error.unspecified', { cause: error, ...(isUnavailable(error) && { status: 503 }) })
  }
  const { code, message } = error
  return new Fault(names[code], { reason: message, ...(code === 'unavailable' && { status: 503 }) })
}

/** Runs work, and converts every error to a `Fault`. */
export async function faultsOnly<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw asFault(error)
  }
}
