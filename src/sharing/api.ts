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

/** A target of `create`: an account by `_id`, else the owner of the e-mail address. */
export interface TargetInput {
  readonly _id?: string | null
  readonly email?: string | null
  /** Wished level, by default the least. The granted level is always below the caller's. */
  readonly access?: Level | null
  readonly roles?: string | readonly string[] | null
  /** The greeting in e-mails. */
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
  /** App of the connections, if the caller has none. */
  readonly connectionAppKey?: string | null
  /** Allows connections to types that otherwise take none. */
  readonly forceAllowConnections?: boolean | null
}

export interface CreateOptions extends Sharing {
  /** Allows `auto` although the type requires acceptance. */
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
  /** Only these paths, such as `context` or `target.email`, with `_id` and `object`. At most 100. */
  readonly paths?: readonly string[] | null
  /** Optional properties to show too; references among them are expanded. */
  readonly include?: readonly string[] | null
  /** References to expand: `context`, `creator`, `target.account`. */
  readonly expand?: readonly string[] | null
}

export interface ReadOptions extends SkipsAcl, Projection {
  /** The caller's account need not be verified. */
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
   * `creator`: made by the caller. `target`: for the caller. `context`: on the caller's contexts, namely the own
   * account and contexts that a connection lets the caller share, or those of the contexts in `where` (`context: id`,
   * or `$in` with at most 100) that the caller owns or may share. Objects of an application have to be named there.
   */
  readonly show?: 'creator' | 'target' | 'context' | null
  /** 0 for pending, 1 for active. */
  readonly state?: 0 | 1 | null
  /** Types of contexts. */
  readonly objects?: string | readonly string[] | null
  /** Starts after, or ends before, the connection with this id. */
  readonly startingAfter?: string | null
  readonly endingBefore?: string | null
}

/**
 * The `connections` module (docs/module.md, Calling). Every function acts for the caller of its scope, and rejects with
 * a `Fault`, of status 503 if the same call may succeed later. Unknown options are ignored.
 */
export interface Connections {
  /**
   * Accepts an invitation for the caller. With `skipAcl` it is accepted for its target: the named account, or the
   * verified account of the address; for the caller if no verified account has it.
   */
  apply(token: string, options?: SkipsAcl | null): Promise<Connection>
  /**
   * Connects targets with an object. The result has an element for each target, in order: its connection, or a `Fault`
   * with the reason why there is none.
   */
  create(
    objects: string,
    id: string,
    targets: TargetInput | readonly TargetInput[],
    options?: CreateOptions | null,
  ): Promise<(Connection | Fault)[]>
  /**
   * Makes a link to an object. Every holder of its token reads the object with this level, while the creator is active
   * and may still grant it.
   */
  linkTo(objects: string, id: string, access?: Level | null, options?: LinkOptions | null): Promise<Connection>
  /** Lists the caller's connections with objects of defined types, by `_id` unless sorted. */
  list(options?: ListOptions | null): Promise<ConnectionList>
  /**
   * Reads a connection by id or token, or the value at a path, as in `<token>/context/name`. Reading a link by its
   * token costs one use.
   */
  read(tokenOrId: string, options?: ReadOptions | null): Promise<Connection>
  read<Value>(tokenOrIdAndPath: string, options?: ReadOptions | null): Promise<Value>
  /** Declines, withdraws, leaves, or takes access away. The owner of a context ends every connection on it. */
  delete(tokenOrId: string, options?: SkipsAcl | null): Promise<true>
  /** The token of a connection, for readers that may see it; null if it has none. */
  getToken(id: string): Promise<string | null>
}

/** The functions for the current scope of each call. Calls of a program wait in a queue. */
export const connectionsIn = (scope: () => CallerScope): Connections =>
  functionsFor((work) =>
    faultsOnly(() => {
      const current = scope()
      return current.module.inTurn(() => work(current))
    }),
  )

/** The functions for one HTTP request. They bypass the queue, since the server limits its requests. */
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
 * The fault of an error. Its status is 503 if the same call may succeed later. Only a program sees the cause of an
 * unexpected error.
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

/** Runs a function of the module; it rejects with a `Fault`. */
export async function faultsOnly<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw asFault(error)
  }
}
