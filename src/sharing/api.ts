import { isUnavailable } from '../db/transact.js'
import { Failure, type FailureCode } from '../errors.js'
import { Fault, type FaultName, Refusal } from '../faults.js'
import { apply } from './accept.js'
import type { CallerScope } from './context.js'
import { create } from './create.js'
import { remove } from './delete.js'
import { linkTo } from './link.js'
import { type ConnectionList, list } from './list.js'
import type { Level } from './object-types.js'
import { getToken, read } from './read.js'
import type { Connection } from './show.js'

/** One whom `create` connects: an account by `_id`, else whoever owns the e-mail address. */
export interface TargetInput {
  readonly _id?: string | null
  readonly email?: string | null
  /** The level that the target shall have; granted is always less than the caller has. By default the least. */
  readonly access?: Level | null
  readonly roles?: string | readonly string[] | null
  /** For the greeting of letters. */
  readonly name?: { readonly first?: string | null; readonly last?: string | null } | null
  /** Whether to connect at once; see `forceAuto`. */
  readonly auto?: boolean | null
  readonly object?: 'account' | 'accounts' | null
}

interface SkipsAcl {
  /** Requires no access of the caller. */
  readonly skipAcl?: boolean | null
}

interface Sharing extends SkipsAcl {
  /** The app on whose behalf, where the caller has none. */
  readonly connectionAppKey?: string | null
  /** Makes a connection although objects of this type take none. */
  readonly forceAllowConnections?: boolean | null
}

export interface CreateOptions extends Sharing {
  /** Allows `auto` although the type requires that targets accept. */
  readonly forceAuto?: boolean | null
  /** Sends no letters. */
  readonly skipNotification?: boolean | null
}

export interface LinkOptions extends Sharing {
  readonly expiresInMs?: number | null
  /** A date, an ISO 8601 text or milliseconds since 1970; wins over `expiresInMs`. */
  readonly expiresAt?: Date | string | number | null
  /** 1 to 1,000,000; without it a link is not used up. */
  readonly usesRemaining?: number | null
  readonly roles?: string | readonly string[] | null
}

interface Projection {
  /** Only these, such as `context` or `target.email`; `_id` and `object` are always there. At most 100. */
  readonly paths?: readonly string[] | null
  /** Also these, which are left out otherwise; references among them are expanded. */
  readonly include?: readonly string[] | null
  /** References to expand: `context`, `creator`, `target.account`. */
  readonly expand?: readonly string[] | null
}

export interface ReadOptions extends SkipsAcl, Projection {
  /** Does not demand that the caller's account be verified. */
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
   * Only what the caller made, or only what is for the caller. With `context` whatever anybody made on what is the
   * caller's: the own account and each context that a connection lets the caller share, or of the contexts that `where`
   * names (`context: id`, or `$in` with at most 100) those that are the caller's or that the caller may share. Whose
   * objects of an application are is found out for those that are named alone.
   */
  readonly show?: 'creator' | 'target' | 'context' | null
  /** 0 for pending, 1 for active. */
  readonly state?: 0 | 1 | null
  /** Types of contexts. */
  readonly objects?: string | readonly string[] | null
  /** Goes on after, or before, the connection with this id. */
  readonly startingAfter?: string | null
  readonly endingBefore?: string | null
}

/**
 * The `connections` module (docs/module.md, Calling). Every function acts for the caller in whose scope it is called,
 * and rejects with a `Fault` that says what was wrong; its status is 503 where the same call may go well a moment
 * later. Options that are not known are ignored.
 */
export interface Connections {
  /**
   * Applies an invitation by its token: from then on the caller has what it grants. With `skipAcl`, its target has: the
   * account that is named, or the one that has the address; the caller only if no account has it.
   */
  apply(token: string, options?: SkipsAcl | null): Promise<Connection>
  /**
   * Connects targets with an object. The result has an element for each target, in order: its connection, or the `Fault`
   * that says why there is none (never thrown).
   */
  create(
    objects: string,
    id: string,
    targets: TargetInput | readonly TargetInput[],
    options?: CreateOptions | null,
  ): Promise<(Connection | Fault)[]>
  /**
   * Makes a link to an object: whoever has its token reads the object with this level, while the creator is active and may
   * still share it so.
   */
  linkTo(objects: string, id: string, access?: Level | null, options?: LinkOptions | null): Promise<Connection>
  /** Lists the caller's connections with objects of the types that are known here, by `_id` unless sorted otherwise. */
  list(options?: ListOptions | null): Promise<ConnectionList>
  /**
   * Reads a connection by id or token. With a path behind it, as in `<token>/context/name`, resolves to the value there.
   * Reading a link by its token costs one use.
   */
  read(tokenOrId: string, options?: ReadOptions | null): Promise<Connection>
  read<Value>(tokenOrIdAndPath: string, options?: ReadOptions | null): Promise<Value>
  /** Declines, withdraws, leaves or takes away; the owner of a context ends whatever there is on it. */
  delete(tokenOrId: string, options?: SkipsAcl | null): Promise<true>
  /** The token of a connection, for readers who may see it; null if it has none. */
  getToken(id: string): Promise<string | null>
}

/** The functions, for the scope that there is when one is called: the calls of a program take turns. */
export const connectionsIn = (scope: () => CallerScope): Connections =>
  functionsFor((work) =>
    faultsOnly(() => {
      const current = scope()
      return current.module.inTurn(() => work(current))
    }),
  )

/** The functions for one request, which waits in no queue: the server limits how many are under way. */
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
 * Whatever was thrown, as a program is told of it. Status 503 says that the same call may go well a moment later; of an
 * unexpected error only the program sees the cause.
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

/** Runs a function of the module: what it rejects with is a `Fault`. */
export async function faultsOnly<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw asFault(error)
  }
}
