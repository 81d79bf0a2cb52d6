import { noAccess } from '../connections/grants/access.js'
import { isLink } from '../connections/grants/grant.js'
import { keepToken } from '../connections/grants/grant-store.js'
import { checkScope } from '../connections/grants/principal.js'
import { newToken, tokenAgain } from '../connections/grants/world.js'
import { Fault } from '../faults.js'
import { accessToContext, readable } from './find.js'
import { readWhich } from './path.js'
import { principalOf, type Scope } from './scope.js'
import { maySeeToken } from './show.js'

/**
 * Implements `getToken` of `Connections`: for whoever may read the connection, as far as `token` would be shown. An
 * invitation that came by the Atom door or by an import gets its token when it is asked for.
 */
export async function getToken(scope: Scope, id: unknown): Promise<string | null> {
  const { world } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'read')
  const { which } = readWhich(id)
  if ('token' in which) throw new Fault('invalidArgument.unspecified', { path: 'id', reason: 'An id is a UUID.' })
  const grant = await readable(world, principal, which, principal.skipAcl)
  if (grant.state === 'active' && !isLink(grant)) return null
  const own = isLink(grant) ? await accessToContext(world, principal, grant) : noAccess
  if (!principal.skipAcl && !maySeeToken(principal, grant, own, { isHolder: false })) {
    throw new Fault('accessDenied.connection')
  }
  const token = tokenAgain(world, grant)
  if (token !== null || isLink(grant)) return token
  const fresh = newToken(world, grant.id)
  const isKept = await keepToken(world.db, grant.id, fresh.tokenHash, fresh.tokenKey)
  return isKept ? tokenAgain(world, { ...grant, tokenKey: fresh.tokenKey }) : null
}
