import { type Access, joined, noAccess } from '../connections/grants/access.js'
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
  const isAllNeeded = showing.expand.has('context')
  const needed = isAllNeeded
    ? grants
    : showing.ownTokens
      ? []
      : grants.filter((each) => isTokenByAccess(principal, each))
  const contexts = needed.length > 0 ? await loadContexts(world, principal, needed) : new Map()
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
  const loaded = contexts.get(keyOf(grant))
  const own = loaded?.access ?? noAccess
  const isExpanded = loaded !== undefined && showing.expand.has('context')
  const creator = people.get(grant.creatorId)
  const targetId = grant.targetId ?? (isMine ? (account?.id ?? null) : null)
  const target = targetId === null ? undefined : people.get(targetId)
  const name = nameOf(grant) ?? (target && nameIn(visible(accounts, target.instance, target.access, none)))
  const maySee = maySeeToken(principal, grant, own, showing)
  const token = maySee || (showing.includeToken && showing.skipAcl) ? tokenAgain(world, grant) : null
  const url =
    showing.includeUrl && (maySee || showing.skipAcl) ? urlOf(world, grant, bases.get(grant.appKey ?? '')) : null
  return {
    _id: grant.id,
    object: 'connection',
    state: grant.state === 'active' ? 1 : 0,
    context: {
      ...referenceTo(type, grant.contextId),
      ...(isExpanded &&
        visible(type, loaded.instance, joined(own, accessShown(grant, showing.isHolder)), showing.optional)),
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

/**
 * What a connection shows of its context beside what the caller has of it: an invitation what is public, a link what it
 * gives, to who named it by its token. What any other gives is among what its target has.
 */
const accessShown = (grant: Grant, isHolder: boolean): Access =>
  grant.state === 'pending' || (isLink(grant) && isHolder) ? accessGiven(grant) : noAccess

/** Whether it takes access to the context to see the token. */
const isTokenByAccess = ({ account }: Principal, grant: Grant): boolean =>
  isLink(grant) && grant.creatorId !== account?.id

/**
 * Whether the caller may see the token: that of an invitation its target, that of a link its creator and whoever gains
 * nothing by it.
 *
 * @param own what the caller has of the context without the link
 */
export function maySeeToken(
  principal: Principal,
  grant: Grant,
  own: Access,
  { isHolder, ownTokens = false }: Pick<Showing, 'isHolder'> & Partial<Pick<Showing, 'ownTokens'>>,
): boolean {
  if (!isLink(grant)) return isTarget(grant, principal.account)
  if (isHolder || !isTokenByAccess(principal, grant)) return true
  return !ownTokens && own.level >= grant.access && grant.roles.every((role) => own.roles.has(role))
}

const maySeeApp = (principal: Principal, grant: Grant, { skipAcl }: Showing) =>
  skipAcl || isTarget(grant, principal.account)

const referenceTo = (type: ObjectType, id: string): Reference => ({
  _id: id,
  object: type.name,
  path: `/${type.plural}/${encodeURIComponent(id)}`,
})
