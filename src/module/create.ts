import { establish } from '../connections/grants/establish.js'
import type { Grant } from '../connections/grants/grant.js'
import { Fault } from '../faults.js'
import { appKeyOf } from './app-key.js'
import type { Connection } from './connection.js'
import { createOptions, readOptionsAs } from './options.js'
import { principalOf, type Scope } from './scope.js'
import { shareable } from './shared.js'
import { show } from './show.js'
import { plainly } from './showing.js'
import { readTargets } from './targets.js'

/** Implements `create` of `Connections`. */
export async function create(
  scope: Scope,
  objects: string,
  id: string,
  targets: unknown,
  options: unknown,
): Promise<(Connection | Fault)[]> {
  const { world } = scope
  const principal = await principalOf(scope)
  const read = readOptionsAs(createOptions, options)
  const skipAcl = read.skipAcl || principal.skipAcl
  const { type, context, creator } = await shareable(world, principal, objects, id, {
    skipAcl,
    force: read.forceAllowConnections,
  })
  const limits = { type, context, skipAcl, forceAuto: read.forceAuto, hidesEmail: world.hidesEmail }
  const wanted = await readTargets(world, principal, creator, targets, limits)
  const appKey = await appKeyOf(world, principal.appKey, read.connectionAppKey)
  if (appKey === null) return wanted.map(({ named }) => new Fault('invalidArgument.noConnectionApp', { target: named }))
  const isNotified = !read.skipNotification && !read.skipNotifications
  const sharing = { type, context, principal, creator, skipAcl, appKey, isNotified }
  const outcomes = await establish(world, sharing, wanted)
  const made = outcomes.filter((each): each is Grant => !(each instanceof Fault))
  const shown = await show(world, principal, made, plainly)
  const byId = new Map(shown.map((each) => [each._id, each]))
  return outcomes.map((each) => (each instanceof Fault ? each : (byId.get(each.id) as Connection)))
}
