import { endGrant } from '../connections/grants/end.js'
import { checkScope } from '../connections/grants/principal.js'
import { Fault } from '../faults.js'
import { byId, byToken } from './find.js'
import { deleteOptions, readOptionsAs } from './options.js'
import { readWhich } from './path.js'
import { principalOf, type Scope } from './scope.js'

/** Implements `delete` of `Connections`. Who may read an invitation by its token declines it by its token. */
export async function remove(scope: Scope, tokenOrId: unknown, options: unknown): Promise<true> {
  const { world } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'delete')
  const { skipAcl } = readOptionsAs(deleteOptions, options)
  const { which, path } = readWhich(tokenOrId)
  if (path.length > 0) throw new Fault('invalidArgument.unspecified', { path: 'tokenOrId', reason: 'No path here.' })
  const isHolder = 'token' in which
  const isTrusted = skipAcl || principal.skipAcl
  const grant = isHolder
    ? await byToken(world, principal, which.token, isTrusted)
    : await byId(world, principal, which.id)
  await endGrant(world, principal, grant, { skipAcl: isTrusted, isHolder })
  return true
}
