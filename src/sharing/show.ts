import { findBaseUrls, findKnownAccounts } from '../people/known-store.js'
import { type Access, joined, mayRead, noAccess, type Principal } from './access.js'
import {
  keyOf,
  type Loaded,
  loadContexts,
  type ModuleContext,
  tokenAgain,
  typeOf,
  urlOf,
  withAccess,
} from './context.js'
import { type Grant, isLink, isTarget } from './grant.js'
import { type Instance, levels, type ObjectType } from './object-types.js'
import type { Showing } from './options.js'
import { instanceOf } from './own-types.js'
import { accessShown, isTokenByAccess, maySeeApp, maySeeToken } from './policy.js'
import { place, valueAt } from './query/map.js'

/** A reference to an object. */
export interface Reference {
  readonly _id: string
  readonly object: string
  /** `/<plural>/<id>`, with the id percent-encoded. */
  readonly path: string
  /** Properties of an expanded reference. */
  readonly [property: string]: unknown
}

/** The target of a connection. */
export interface ConnectionTarget {
  readonly account?: Reference
  /** Present only if the connection was made by address. */
  readonly email?: string
  readonly name?: { readonly first: string | null; readonly last: string | null }
}

/** A connection as shown to its reader (docs/module.md, The connection object). */
export interface Connection {
  readonly _id: string
  readonly object: 'connection'
  /** 0 is pending, 1 active. */
  readonly state: 0 | 1
  readonly context: Reference
  readonly contextSource: null
  readonly creator: Reference
  readonly created: Date
  readonly updated: Date
  /** Absent on links. */
  readonly target?: ConnectionTarget
  readonly access: number
  readonly roles: readonly string[]
  /** See `maySeeToken`. */
  readonly token?: string
  readonly expiresAt?: Date
  readonly usesRemaining?: number
  /** The URL with the token; shown on request. */
  readonly url?: string
  /** Shown on request. */
  readonly appKey?: string
}

/** Shows connections, with the parts that the caller may see (docs/module.md, read; The connection object). */
export async function show(
  module: ModuleContext,
  principal: Principal,
  grants: readonly Grant[],
  showing: Showing,
): Promise<Connection[]> {
  const needed = showing.expand.has('context')
    ? grants
    : showing.ownTokens
      ? []
      : grants.filter((each) => isTokenByAccess(each, principal))
  const contexts = needed.length > 0 ? await loadContexts(module, principal, needed) : new Map()
  const people = await loadPeople(module, principal, grants, showing)
  const bases = showing.includeUrl ? await findBaseUrls(module.db) : new Map()
  return grants.map((grant) => showOne(module, principal, grant, showing, { contexts, people, bases }))
}

/** The contexts, people and base URLs that shown connections refer to. */
interface Surroundings {
  readonly contexts: ReadonlyMap<string, Loaded>
  readonly people: ReadonlyMap<string, Loaded>
  /** Base URLs of the pages of apps, by app key. */
  readonly bases: ReadonlyMap<string, string>
}

/** Loads the creators that are expanded, and the targets that are expanded or lack a name. */
async function loadPeople(
  module: ModuleContext,
  principal: Principal,
  grants: readonly Grant[],
  { expand }: Showing,
): Promise<Map<string, Loaded>> {
  const ids = new Set([
    ...(expand.has('creator') ? grants.map(({ creatorId }) => creatorId) : []),
    ...grants
      .filter((grant) => expand.has('target.account') || !nameOf(grant))
      .flatMap((grant) => targetIdOf(grant, principal) ?? []),
  ])
  if (ids.size === 0) return new Map()
  const known = await findKnownAccounts(module.db, [...ids])
  const instances = known.map(({ account }) => instanceOf(account, module.presenter))
  const loaded = await withAccess(module, principal, typeOf(module, 'account'), instances)
  return new Map(loaded.map((each) => [each.instance._id, each]))
}

/** The account of the target. For an invitation by address, only the target learns the account. */
const targetIdOf = (grant: Grant, { account }: Principal): string | null =>
  grant.targetId ?? (isTarget(grant, account) ? (account?.id ?? null) : null)

/** The name that the creator gave the target. */
const nameOf = ({ targetFirst: first, targetLast: last }: Grant) =>
  (first ?? last) === null ? undefined : { first, last }

function showOne(
  module: ModuleContext,
  principal: Principal,
  grant: Grant,
  showing: Showing,
  { contexts, people, bases }: Surroundings,
): Connection {
  const { expand, skipAcl } = showing
  const type = typeOf(module, grant.object)
  const accounts = typeOf(module, 'account')
  const loaded = contexts.get(keyOf(grant))
  const own = loaded?.access ?? noAccess
  const creator = expand.has('creator') ? people.get(grant.creatorId) : undefined
  const targetId = targetIdOf(grant, principal)
  const target = people.get(targetId ?? '')
  const shownTarget = target && visible(accounts, target.instance, target.access, none)
  const name = nameOf(grant) ?? (shownTarget && nameIn(shownTarget))
  const email = module.presenter.address(grant.targetEmail)
  const maySee = maySeeToken(grant, principal, own, showing)
  const token = maySee || (showing.includeToken && skipAcl) ? tokenAgain(module, grant) : null
  const url = showing.includeUrl && (maySee || skipAcl) ? urlOf(module, grant, bases.get(grant.appKey ?? '')) : null
  const appKey = showing.includeKey && maySeeApp(grant, principal, skipAcl) ? grant.appKey : null
  return {
    _id: grant.id,
    object: 'connection',
    state: grant.state === 'active' ? 1 : 0,
    context: {
      ...referenceTo(type, grant.contextId),
      ...(loaded &&
        expand.has('context') &&
        visible(type, loaded.instance, joined(own, accessShown(grant, showing.isHolder)), showing.optional)),
    },
    contextSource: null,
    creator: {
      ...referenceTo(accounts, grant.creatorId),
      ...(creator && visible(accounts, creator.instance, { level: levels.public, roles: new Set() }, none)),
    },
    created: grant.created,
    updated: grant.updated,
    ...(!isLink(grant) && {
      target: {
        ...(targetId !== null && {
          account: { ...referenceTo(accounts, targetId), ...(expand.has('target.account') && shownTarget) },
        }),
        ...(email !== null && { email }),
        ...(name && { name }),
      },
    }),
    access: grant.access,
    roles: grant.roles,
    ...(token !== null && { token }),
    ...(grant.expiresAt !== null && { expiresAt: grant.expiresAt }),
    ...(grant.usesRemaining !== null && { usesRemaining: grant.usesRemaining }),
    ...(url !== null && { url }),
    ...(appKey !== null && { appKey }),
  }
}

const none: ReadonlySet<string> = new Set()

/** Reads the name from the visible properties of an account. */
function nameIn({ name }: Readonly<Record<string, unknown>>): { first: string; last: string } | undefined {
  if (name === undefined) return undefined
  const { first, last } = name as { first: string; last: string }
  return { first, last }
}

const referenceTo = (type: ObjectType, id: string): Reference => ({
  _id: id,
  object: type.name,
  path: `/${type.plural}/${encodeURIComponent(id)}`,
})

/**
 * The properties of an object that are visible with this access.
 *
 * @param optional paths of optional properties to show: whole (`extra`) or in part (`extra.a`)
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
