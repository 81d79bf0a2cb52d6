import { endGrant } from '../connections/grants/end.js'
import { isLink, isTarget } from '../connections/grants/grant.js'
import { checkScope } from '../connections/grants/principal.js'
import { Fault } from '../faults.js'
import { byId, byToken } from './find.js'
import { deleteOptions, readOptionsAs } from './options.js'
import { readWhich } from './path.js'
import { principalOf, type Scope } from './scope.js'

/**
 * Implements `delete` of `Connections`. By its token an invitation is declined: by its target, or by whoever has the
 * token from a letter and no account yet.
 */
export async function remove(scope: Scope, tokenOrId: unknown, options: unknown): Promise<true> {
  const { world } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'delete')
  const { skipAcl } = readOptionsAs(deleteOptions, options)
  const { which, path } = readWhich(tokenOrId)
  if (path.length > 0) throw new Fault('invalidArgument.unspecified', { path: 'tokenOrId', reason: 'No path here.' })
  const isHolder = 'token' in which
  const grant = isHolder ? await byToken(world, which.token) : await byId(world, principal, which.id)
  const mayDecline = principal.account === null || isTarget(grant, principal.account)
  const isTrusted = skipAcl || principal.skipAcl
  if (isHolder && !isTrusted && !isLink(grant) && !mayDecline) throw new Fault('invalidArgument.connectionToken')
  await endGrant(world, principal, grant, { skipAcl: isTrusted, isHolder })
  return true
}
