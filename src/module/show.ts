import { type Access, joined, noAccess } from '../connections/grants/access.js'
import { findBaseUrl, findKnown } from '../connections/grants/directory-store.js'
import { type Grant, isLink, isTarget } from '../connections/grants/grant.js'
import { levels } from '../connections/grants/levels.js'
import type { Instance, ObjectType } from '../connections/grants/object-type.js'
import type { Principal } from '../connections/grants/principal.js'
import { accessGiven, accessOfEach, tokenAgain, typeOf } from '../connections/grants/world.js'
import type { Connection, Reference } from './connection.js'
import { instanceOf } from './own-types.js'
import type { ModuleWorld } from './scope.js'

/** How much of connections is shown. */
export interface Showing {
  /** Names of references: `context`, `creator`, `target.account`. */
  readonly expand: ReadonlySet<string>
  /** Optional properties of the context to show. */
  readonly optional: ReadonlySet<string>
  /** Whether the caller may see whatever there is of a connection. */
  readonly skipAcl: boolean
  readonly includeToken: boolean
  readonly includeUrl: boolean
  readonly includeKey: boolean
  /** Whether the connection was named by its token, which lets its bearer see what it grants. */
  readonly isHolder: boolean
}

const expandable = ['context', 'creator', 'target.account']

/** Nothing but what is always shown. */
export const plainly: Showing = {
  expand: new Set(),
  optional: new Set(),
  skipAcl: false,
  includeToken: false,
  includeUrl: false,
  includeKey: false,
  isHolder: false,
}

/** How much is shown by options: what is included is expanded too, where it can be. */
export function showingOf(
  asked: {
    readonly expand: readonly string[]
    readonly include: readonly string[]
    readonly includeToken?: boolean
    readonly includeUrl?: boolean
    readonly includeKey?: boolean
  },
  rights: Pick<Showing, 'skipAcl' | 'isHolder'>,
): Showing {
  const { include } = asked
  const expanded = expandable.filter((name) =>
    [...asked.expand, ...include].some((path) => path === name || path.startsWith(`${name}.`)),
  )
  const ofContext = include.filter((path) => path.startsWith('context.')).map((path) => path.slice('context.'.length))
  return {
    ...rights,
    expand: new Set(expanded),
    optional: new Set(ofContext),
    includeToken: asked.includeToken || include.includes('token'),
    includeUrl: asked.includeUrl || include.includes('url'),
    includeKey: asked.includeKey || include.includes('appKey'),
  }
}

/** Shows connections as a caller may see them (reference connections-module.md, sections 8 and 11). */
export async function show(
  world: ModuleWorld,
  principal: Principal,
  grants: readonly Grant[],
  showing: Showing,
): Promise<Connection[]> {
  const contexts = showing.expand.has('context') ? await loadContexts(world, principal, grants) : new Map()
  const people = await loadPeople(world, principal, grants, showing)
  return Promise.all(grants.map((grant) => one(world, principal, grant, showing, contexts, people)))
}

interface Loaded {
  readonly instance: Instance
  readonly access: Access
}

async function one(
  world: ModuleWorld,
  principal: Principal,
  grant: Grant,
  showing: Showing,
  contexts: ReadonlyMap<string, Loaded>,
  people: ReadonlyMap<string, Loaded>,
): Promise<Connection> {
  const { account } = principal
  const type = typeOf(world, grant.object)
  const accounts = typeOf(world, 'account')
  const isMine = isTarget(grant, account)
  const isUsing = isMine || isLink(grant) || showing.isHolder
  const loaded = contexts.get(keyOf(grant))
  const access = joined(loaded?.access ?? noAccess, isUsing ? accessGiven(grant) : noAccess)
  const creator = people.get(grant.creatorId)
  const targetId = grant.targetId ?? (isMine ? (account?.id ?? null) : null)
  const target = targetId === null ? undefined : people.get(targetId)
  const url = showing.includeUrl ? await urlOf(world, principal, grant, showing) : undefined
  const token = tokenFor(world, principal, grant, showing)
  return {
    _id: grant.id,
    object: 'connection',
    state: grant.state === 'active' ? 1 : 0,
    context: {
      ...referenceTo(type, grant.contextId),
      ...(loaded && visible(type, loaded.instance, access, showing.optional)),
    },
    contextSource: null,
    creator: {
      ...referenceTo(accounts, grant.creatorId),
      ...(creator &&
        showing.expand.has('creator') &&
        visible(accounts, creator.instance, { level: levels.public, roles: new Set() }, none)),
    },
    created: grant.created,
    updated: grant.updated,
    ...(!isLink(grant) && {
      target: {
        ...(targetId !== null && {
          account: {
            ...referenceTo(accounts, targetId),
            ...(target &&
              showing.expand.has('target.account') &&
              visible(accounts, target.instance, target.access, none)),
          },
        }),
        ...(grant.targetEmail !== null && { email: grant.targetEmail }),
        ...((grant.targetFirst ?? grant.targetLast) !== null && {
          name: { first: grant.targetFirst, last: grant.targetLast },
        }),
      },
    }),
    access: grant.access,
    roles: grant.roles,
    ...(token !== null && { token }),
    ...(grant.expiresAt !== null && { expiresAt: grant.expiresAt }),
    ...(grant.usesRemaining !== null && { usesRemaining: grant.usesRemaining }),
    ...(url !== undefined && url !== null && { url }),
    ...(showing.includeKey &&
      maySeeApp(principal, grant, showing) &&
      grant.appKey !== null && { appKey: grant.appKey }),
  }
}

const none: ReadonlySet<string> = new Set()

/** A token is its target's while it can be applied, and on a link whoever's may read the link. */
export function tokenFor(
  world: ModuleWorld,
  principal: Principal,
  grant: Grant,
  { includeToken, skipAcl }: Pick<Showing, 'includeToken' | 'skipAcl'>,
): string | null {
  const isShown = isLink(grant) || isTarget(grant, principal.account) || (includeToken && skipAcl)
  return isShown ? tokenAgain(world, grant) : null
}

const maySeeApp = (principal: Principal, grant: Grant, { skipAcl }: Showing) =>
  skipAcl || isTarget(grant, principal.account)

async function urlOf(world: ModuleWorld, principal: Principal, grant: Grant, showing: Showing): Promise<string | null> {
  const token = maySeeApp(principal, grant, showing) ? tokenAgain(world, grant) : null
  if (token === null || grant.appKey === null) return null
  const base = await findBaseUrl(world.db, grant.appKey)
  if (base !== null) return `${base.replace(/\/$/, '')}/connection/${token}`
  return world.baseUrl === null ? null : `${world.baseUrl}/v2/connections/${token}`
}

const referenceTo = (type: ObjectType, id: string): Reference => ({
  _id: id,
  object: type.name,
  path: `/${type.plural}/${id}`,
})

/** The properties of an object that somebody may read. */
function visible(
  type: ObjectType,
  instance: Instance,
  { level, roles }: Access,
  optional: ReadonlySet<string>,
): Record<string, unknown> {
  const shown = Object.entries(type.properties).filter(
    ([name, property]) =>
      (level >= property.access || property.roles.some((role) => roles.has(role))) &&
      (!property.optional || optional.has(name)) &&
      Object.hasOwn(instance, name),
  )
  return Object.fromEntries(shown.map(([name]) => [name, instance[name]]))
}

const keyOf = ({ object, contextId }: Pick<Grant, 'object' | 'contextId'>) => `${object} ${contextId}`

/** Loads the contexts of connections with what the caller has of each, type by type. */
async function loadContexts(
  world: ModuleWorld,
  principal: Principal,
  grants: readonly Grant[],
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

async function loadPeople(
  world: ModuleWorld,
  principal: Principal,
  grants: readonly Grant[],
  { expand }: Showing,
): Promise<Map<string, Loaded>> {
  const { account } = principal
  const ids = new Set([
    ...(expand.has('creator') ? grants.map(({ creatorId }) => creatorId) : []),
    ...(expand.has('target.account')
      ? grants.flatMap((grant) => grant.targetId ?? (isTarget(grant, account) ? (account?.id ?? []) : []))
      : []),
  ])
  if (ids.size === 0) return new Map()
  const instances = (await findKnown(world.db, [...ids])).map((known) => instanceOf(known.account))
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
