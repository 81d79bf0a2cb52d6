import { AsyncLocalStorage } from 'node:async_hooks'
import { Fault } from '../faults.js'
import { findKnownAccounts } from '../people/known-store.js'
import type { Action, Principal } from './access.js'
import type { Level } from './object-types.js'
import { privileges, readOptionsAs } from './options.js'
import type { ModuleContext } from './world.js'

/** What server code may let a caller do beyond his own rights; no request can ask for it (docs/trust.md, Z6). */
export interface Privileges {
  /** Acts as if no access had to be checked. */
  readonly skipAcl?: boolean
  /** A level that the caller has of every context, at least. */
  readonly grant?: Level
  /** The app on whose behalf; null for none. Left out, it is the site's own. */
  readonly appKey?: string | null
  /** What the caller may do with connections; left out, everything. */
  readonly scope?: readonly Action[] | null
  /** Of the request that is answered, for the audit. */
  readonly requestId?: string | null
}

/** Who calls the module: an account by its id, or nobody. */
export interface Caller extends Privileges {
  readonly accountId: string | null
}

/** A caller of the module. */
export interface CallerScope {
  readonly module: ModuleContext
  readonly caller: Caller
}

const storage = new AsyncLocalStorage<CallerScope>()

/** Runs a function, and whatever it awaits, with this scope. */
export const runIn = <Result>(scope: CallerScope, work: () => Result): Result => storage.run(scope, work)

/** The scope that one runs in. @throws Fault `accessDenied.notLoggedIn` outside any */
export function currentScope(): CallerScope {
  const scope = storage.getStore()
  if (scope) return scope
  throw new Fault('accessDenied.notLoggedIn', { reason: 'Call this inside a request, or inside runAs.' })
}

/**
 * The caller with the rights of this moment: what was taken away a moment ago is gone.
 *
 * @throws Fault `invalidArgument` for a privilege that is malformed
 */
export async function principalOf({ module, caller }: CallerScope): Promise<Principal> {
  const { accountId, appKey = module.appKey } = caller
  const { skipAcl, grant, scope } = readOptionsAs(privileges, caller)
  const [known] = accountId === null ? [] : await findKnownAccounts(module.db, [accountId])
  const { account, verified } = known ?? { account: null, verified: false }
  // Whoever has not shown that an address is theirs has no claim to what was sent to it.
  const owned = account && !verified ? { ...account, email: null } : account
  return {
    account: owned?.state === 'active' ? owned : null,
    verified,
    skipAcl,
    grant,
    appKey,
    scope,
    requestId: caller.requestId ?? null,
  }
}
