import { applyGrant } from '../connections/grants/apply.js'
import { accountOf, checkScope } from '../connections/grants/principal.js'
import { isToken } from '../connections/grants/token.js'
import { Fault } from '../faults.js'
import type { Connection } from './connection.js'
import { applyOptions, readOptionsAs } from './options.js'
import { principalOf, type Scope } from './scope.js'
import { show } from './show.js'
import { plainly } from './showing.js'

/** Implements `apply` of `Connections`. */
export async function apply(scope: Scope, token: unknown, options: unknown): Promise<Connection> {
  const principal = await principalOf(scope)
  checkScope(principal, 'update')
  accountOf(principal)
  const { skipAcl } = readOptionsAs(applyOptions, options)
  if (typeof token !== 'string' || !isToken(token)) {
    throw new Fault('invalidArgument.unspecified', { path: 'token', reason: 'A token has 32 letters and digits.' })
  }
  const grant = await applyGrant(scope.world, principal, token, skipAcl || principal.skipAcl)
  return (await show(scope.world, principal, [grant], plainly))[0] as Connection
}
