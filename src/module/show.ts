import { joined, noAccess } from '../connections/grants/access.js'
import { findBaseUrls } from '../connections/grants/directory-store.js'
import { type Grant, isLink, isTarget } from '../connections/grants/grant.js'
import { levels } from '../connections/grants/levels.js'
import type { ObjectType } from '../connections/grants/object-type.js'
import type { Principal } from '../connections/grants/principal.js'
import { urlOf } from '../connections/grants/url.js'
import { accessGiven, tokenAgain, typeOf } from '../connections/grants/world.js'
import type { Connection, Reference } from './connection.js'
import { keyOf, type Loaded, loadContexts, loadPeople, nameOf, visible } from './expand.js'
import type { ModuleWorld } from './scope.js'
import type { Showing } from './showing.js'

/** Shows connections as a caller may see them (reference connections-module.md, sections 8 and 11). */
export async function show(
  world: ModuleWorld,
  principal: Principal,
  grants: readonly Grant[],
  showing: Showing,
): Promise<Connection[]> {
  const contexts = showing.expand.has('context') ? await loadContexts(world, principal, grants) : new Map()
  const people = await loadPeople(world, principal, grants, showing)
  const bases = showing.includeUrl ? await findBaseUrls(world.db) : new Map()
  return grants.map((grant) => one(world, principal, grant, showing, { contexts, people, bases }))
}

/** What else is known of the connections that are shown. */
interface Surroundings {
  readonly contexts: ReadonlyMap<string, Loaded>
  readonly people: ReadonlyMap<string, Loaded>
  /** Where each app has its pages. */
  readonly bases: ReadonlyMap<string, string>
}

function one(
  world: ModuleWorld,
  principal: Principal,
  grant: Grant,
  showing: Showing,
  { contexts, people, bases }: Surroundings,
): Connection {
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
  const name = nameOf(grant) ?? (target && nameIn(visible(accounts, target.instance, target.access, none)))
  const url =
    showing.includeUrl && maySeeApp(principal, grant, showing)
      ? urlOf(world, grant, bases.get(grant.appKey ?? ''))
      : null
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
        ...(grant.targetEmail !== null && !world.hidesEmail && { email: grant.targetEmail }),
        ...(name && { name }),
      },
    }),
    access: grant.access,
    roles: grant.roles,
    ...(token !== null && { token }),
    ...(grant.expiresAt !== null && { expiresAt: grant.expiresAt }),
    ...(grant.usesRemaining !== null && { usesRemaining: grant.usesRemaining }),
    ...(url !== null && { url }),
    ...(showing.includeKey &&
      maySeeApp(principal, grant, showing) &&
      grant.appKey !== null && { appKey: grant.appKey }),
  }
}

const none: ReadonlySet<string> = new Set()

/** The name of an account, as far as its properties are shown. */
function nameIn({ name }: Readonly<Record<string, unknown>>): { first: string; last: string } | undefined {
  if (name === undefined) return undefined
  const { first, last } = name as { first: string; last: string }
  return { first, last }
}

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

const referenceTo = (type: ObjectType, id: string): Reference => ({
  _id: id,
  object: type.name,
  path: `/${type.plural}/${encodeURIComponent(id)}`,
})
