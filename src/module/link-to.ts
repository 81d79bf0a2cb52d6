import { makeLink } from '../connections/grants/link.js'
import { levelNames, levels, readLevel } from '../connections/grants/levels.js'
import { Fault } from '../faults.js'
import { appKeyOf } from './app-key.js'
import type { Connection } from './connection.js'
import { linkOptions, readOptionsAs } from './options.js'
import { checkDefined, placesOf } from './roles.js'
import { principalOf, type Scope } from './scope.js'
import { shareable } from './shared.js'
import { show } from './show.js'
import { plainly } from './showing.js'

/** Implements `linkTo` of `Connections`. */
export async function linkTo(
  scope: Scope,
  objects: string,
  id: string,
  access: unknown,
  options: unknown,
): Promise<Connection> {
  const { world } = scope
  const principal = await principalOf(scope)
  const level = readLevel(access ?? levels.none)
  if (level === undefined) throw new Fault('invalidArgument.access', { path: 'access', reason: levelNames })
  const read = readOptionsAs(linkOptions, options)
  const skipAcl = read.skipAcl || principal.skipAcl
  const shared = await shareable(world, principal, objects, id, { skipAcl, force: read.forceAllowConnections })
  const appKey = await appKeyOf(world, principal.appKey, read.connectionAppKey)
  if (appKey === null) throw new Fault('invalidArgument.noConnectionApp')
  const places = placesOf(read.roles, 'roles')
  await checkDefined(world.db, places)
  const wish = { access: level, roles: [...places.keys()], places }
  const ends = { expires: read.expiresAt ?? read.expiresInMs ?? null, usesRemaining: read.usesRemaining }
  const grant = await makeLink(world, { ...shared, principal, skipAcl, appKey }, wish, ends)
  return (await show(world, principal, [grant], plainly))[0] as Connection
}
