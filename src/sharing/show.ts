import { findBaseUrls, findKnownAccounts } from '../people/known-store.js'
import { type Access, joined, mayRead, noAccess, type Principal } from './access.js'
import { accessGiven, accessOfEach, type ModuleContext, tokenAgain, typeOf, urlOf } from './context.js'
import { valueAt } from './find.js'
import { type Grant, isLink, isTarget } from './grant.js'
import { type Instance, levels, type ObjectType } from './object-types.js'
import { instanceOf } from './own-types.js'
import { place } from './query/map.js'
import type { Connection, Reference, Showing } from './shown.js'

/** Shows connections as a caller may see them (docs/module.md, read; The connection object). */
export async function show(
  module: ModuleContext,
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
  const contexts = needed.length > 0 ? await loadContexts(module, principal, needed) : new Map()
  const people = await loadPeople(module, principal, grants, showing)
  const bases = showing.includeUrl ? await findBaseUrls(module.db) : new Map()
  return grants.map((grant) => one(module, principal, grant, showing, { contexts, people, bases }))
}

/** What else is known of the connections that are shown. */
interface Surroundings {
  readonly contexts: ReadonlyMap<string, Loaded>
  readonly people: ReadonlyMap<string, Loaded>
  /** Where each app has its pages. */
  readonly bases: ReadonlyMap<string, string>
}

function one(
  module: ModuleContext,
  principal: Principal,
  grant: Grant,
  showing: Showing,
  { contexts, people, bases }: Surroundings,
): Connection {
  const { account } = principal
  const type = typeOf(module, grant.object)
  const accounts = typeOf(module, 'account')
  const isMine = isTarget(grant, account)
  const loaded = contexts.get(keyOf(grant))
  const own = loaded?.access ?? noAccess
  const isExpanded = loaded !== undefined && showing.expand.has('context')
  const creator = people.get(grant.creatorId)
  const targetId = grant.targetId ?? (isMine ? (account?.id ?? null) : null)
  const target = targetId === null ? undefined : people.get(targetId)
  const name = nameOf(grant) ?? (target && nameIn(visible(accounts, target.instance, target.access, none)))
  const maySee = maySeeToken(principal, grant, own, showing)
  const token = maySee || (showing.includeToken && showing.skipAcl) ? tokenAgain(module, grant) : null
  const url =
    showing.includeUrl && (maySee || showing.skipAcl) ? urlOf(module, grant, bases.get(grant.appKey ?? '')) : null
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
        ...(grant.targetEmail !== null && !module.hidesEmail && { email: grant.targetEmail }),
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

/** An object, and what the caller has of it. */
interface Loaded {
  readonly instance: Instance
  readonly access: Access
}

/**
 * The properties of an object that somebody may read.
 *
 * @param optional paths of optional properties to show: a whole one (`extra`), or a part of it (`extra.a`)
 */
function visible(
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
  module: ModuleContext,
  principal: Principal,
  grants: readonly Pick<Grant, 'object' | 'contextId'>[],
): Promise<Map<string, Loaded>> {
  const loaded = new Map<string, Loaded>()
  for (const object of new Set(grants.map((grant) => grant.object))) {
    const ids = grants.filter((grant) => grant.object === object).map(({ contextId }) => contextId)
    const type = typeOf(module, object)
    for (const each of await loadWithAccess(module, principal, type, await type.load([...new Set(ids)]))) {
      loaded.set(keyOf({ object, contextId: each.instance._id }), each)
    }
  }
  return loaded
}

/** The name that the creator gave the target; undefined where it was none. */
const nameOf = ({ targetFirst: first, targetLast: last }: Grant) =>
  (first ?? last) === null ? undefined : { first, last }

/** Loads the creators of connections as far as they are to be expanded; the targets also where they lack a name. */
async function loadPeople(
  module: ModuleContext,
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
  const instances = (await findKnownAccounts(module.db, [...ids])).map((known) =>
    instanceOf(known.account, module.hidesEmail),
  )
  const loaded = await loadWithAccess(module, principal, typeOf(module, 'account'), instances)
  return new Map(loaded.map((each) => [each.instance._id, each]))
}

async function loadWithAccess(
  { db }: ModuleContext,
  principal: Principal,
  type: ObjectType,
  instances: readonly Instance[],
): Promise<Loaded[]> {
  const access = await accessOfEach(db, type, instances, principal)
  return instances.map((instance, index) => ({ instance, access: access[index] ?? noAccess }))
}
