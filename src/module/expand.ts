import { type Access, mayRead, noAccess } from '../connections/grants/access.js'
import { findKnown } from '../connections/grants/directory-store.js'
import { type Grant, isTarget } from '../connections/grants/grant.js'
import type { Instance, ObjectType } from '../connections/grants/object-type.js'
import type { Principal } from '../connections/grants/principal.js'
import { accessOfEach, typeOf } from '../connections/grants/world.js'
import { place } from '../connections/query/place.js'
import { instanceOf } from './own-types.js'
import { valueAt } from './path.js'
import type { ModuleWorld } from './scope.js'
import type { Showing } from './showing.js'

/** An object, and what the caller has of it. */
export interface Loaded {
  readonly instance: Instance
  readonly access: Access
}

/**
 * The properties of an object that somebody may read.
 *
 * @param optional paths of optional properties to show: a whole one (`extra`), or a part of it (`extra.a`)
 */
export function visible(
  { properties }: ObjectType,
  instance: Instance,
  access: Access,
  optional: ReadonlySet<string>,
): Record<string, unknown> {
  const readable = Object.entries(properties).filter(
    ([name, property]) => mayRead(property, access) && Object.hasOwn(instance, name),
  )
  const isWhole = ([name, property]: (typeof readable)[number]) => !property.optional || optional.has(name)
  const whole = readable.filter(isWhole)
  const shown: Record<string, unknown> = Object.fromEntries(whole.map(([name]) => [name, instance[name]]))
  const inPart = new Set(readable.filter((each) => !isWhole(each)).map(([name]) => name))
  for (const names of [...optional].map((path) => path.split('.'))) {
    const value = inPart.has(names[0] as string) ? valueAt(instance, names) : undefined
    if (value !== undefined) place(shown, names, value)
  }
  return shown
}

/** Names the context of a connection among all. */
export const keyOf = ({ object, contextId }: Pick<Grant, 'object' | 'contextId'>) => `${object} ${contextId}`

/** Loads the contexts of connections with what the caller has of each, type by type. */
export async function loadContexts(
  world: ModuleWorld,
  principal: Principal,
  grants: readonly Pick<Grant, 'object' | 'contextId'>[],
): Promise<Map<string, Loaded>> {
  const loaded = new Map<string, Loaded>()
  for (const object of new Set(grants.map((grant) => grant.object))) {
    const ids = grants.filter((grant) => grant.object === object).map(({ contextId }) => contextId)
    const type = typeOf(world, object)
    for (const each of await loadWithAccess(world, principal, type, await type.load([...new Set(ids)]))) {
      loaded.set(keyOf({ object, contextId: each.instance._id }), each)
    }
  }
  return loaded
}

/** The name that the creator gave the target; undefined where it was none. */
export const nameOf = ({ targetFirst: first, targetLast: last }: Grant) =>
  (first ?? last) === null ? undefined : { first, last }

/** Loads the creators of connections as far as they are to be expanded; the targets also where they lack a name. */
export async function loadPeople(
  world: ModuleWorld,
  principal: Principal,
  grants: readonly Grant[],
  { expand }: Showing,
): Promise<Map<string, Loaded>> {
  const { account } = principal
  const ids = new Set([
    ...(expand.has('creator') ? grants.map(({ creatorId }) => creatorId) : []),
    ...grants
      .filter((grant) => expand.has('target.account') || !nameOf(grant))
      .flatMap((grant) => grant.targetId ?? (isTarget(grant, account) ? (account?.id ?? []) : [])),
  ])
  if (ids.size === 0) return new Map()
  const instances = (await findKnown(world.db, [...ids])).map((known) => instanceOf(known.account, world.hidesEmail))
  const loaded = await loadWithAccess(world, principal, typeOf(world, 'account'), instances)
  return new Map(loaded.map((each) => [each.instance._id, each]))
}

async function loadWithAccess(
  { db }: ModuleWorld,
  principal: Principal,
  type: ObjectType,
  instances: readonly Instance[],
): Promise<Loaded[]> {
  const access = await accessOfEach(db, type, instances, principal)
  return instances.map((instance, index) => ({ instance, access: access[index] ?? noAccess }))
}
