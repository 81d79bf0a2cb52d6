import type { z } from 'zod'
import { Refusal } from '../faults.js'
import type { Principal } from './access.js'
import { type CallerScope, keyOf, loadContexts, type ModuleContext, principalOf, typeOf } from './context.js'
import { addressOf, contextIdOf, uuidObjects } from './grant.js'
import { listOptions, readOptionsAs, showingOf } from './options.js'
import { closedTypes } from './own-types.js'
import { accountOf, checkScope, mayManage } from './policy.js'
import { propertiesIn, valuesOf, type Where } from './query/conditions.js'
import { refused } from './query/document.js'
import { parseGroup, parseGroupSort } from './query/group.js'
import {
  type Context,
  findContexts,
  groupGrants,
  listGrants,
  type Managed,
  type Selection,
} from './query/list-statements.js'
import { applyMap, only, parseMap } from './query/map.js'
import { parseSort } from './query/properties.js'
import { conditionOf, orderOf } from './query/statements.js'
import { parseWhere } from './query/where.js'
import { type Connection, show } from './show.js'

/** The result of `list`: an array of connections that also has the properties of an envelope (docs/module.md, list). */
export type ConnectionList<Item = Connection> = Item[] & {
  readonly object: 'list'
  readonly data: Item[]
  readonly hasMore: boolean
}

type Asked = z.infer<typeof listOptions>

/** Implements `list` of `Connections`. */
export async function list(scope: CallerScope, options: unknown): Promise<ConnectionList<never>> {
  const { module } = scope
  const principal = await principalOf(scope)
  checkScope(principal, 'read')
  accountOf(principal)
  const asked = readOptionsAs(listOptions, options)
  if (asked.pipeline != null) throw new Refusal('unsupportedOperation.unspecified', { path: 'pipeline' })
  const skipAcl = asked.skipAcl || principal.skipAcl
  const selection = await selectionOf(module, principal, asked, skipAcl)
  const group = parseGroup(asked.group)
  if (group) {
    const found = await groupGrants(module.db, selection, group, parseGroupSort(asked.sort, group), asked)
    return listOf(found.groups, found.hasMore) as ConnectionList<never>
  }
  const map = parseMap(asked.map)
  const found = await listGrants(module.db, selection, { order: orderFor(asked), skip: asked.skip, limit: asked.limit })
  const page = found.slice(0, asked.limit)
  if (isBackward(asked)) page.reverse()
  const showing = showingOf(asked, { skipAcl, isHolder: false, ownTokens: asked.show === 'context' })
  const shown = await show(module, principal, page, showing)
  const items = shown.map((each) => {
    const picked = asked.paths.length > 0 ? only(each, asked.paths) : { ...each }
    return map ? applyMap(map, picked) : picked
  })
  return listOf(items, found.length > asked.limit) as ConnectionList<never>
}

const isBackward = ({ endingBefore }: Asked) => endingBefore != null

async function selectionOf(
  module: ModuleContext,
  principal: Principal,
  asked: Asked,
  skipAcl: boolean,
): Promise<Selection> {
  const account = accountOf(principal)
  const self = { accountId: account.id, email: addressOf(account) }
  const singular = (name: string) => module.types.find(name)?.name
  const objects = asked.objects.map((name) => {
    const type = singular(name)
    if (type !== undefined) return type
    throw new Refusal('notFound.unspecified', { path: name, reason: 'There is no such type of object.' })
  })
  const where = parseWhere(asked.where, singular)
  if (!module.presenter.takesAddresses && propertiesIn(where).some(({ column }) => column === 'target_email')) {
    throw refused('target.email', 'This site hides e-mail addresses; identify people by _id.')
  }
  // Excludes types that only other programs on the same database define, since this program cannot show them.
  const known = objects.length > 0 ? objects : module.types.names()
  return {
    viewer: skipAcl && asked.show == null ? null : self,
    show:
      asked.show === 'context'
        ? { contexts: await managedBy(module, principal, { where, objects, known, skipAcl }) }
        : (asked.show ?? null),
    state: asked.state == null ? null : asked.state === 1 ? 'active' : 'pending',
    objects: known,
    where: conditionOf(where, { ...self, skipAcl }),
    beyond: beyondOf(asked),
  }
}

function beyondOf({ startingAfter, endingBefore, sort }: Asked): Selection['beyond'] {
  const id = endingBefore ?? startingAfter
  if (id == null) return null
  if (startingAfter != null && endingBefore != null)
    throw wrongCursor('Give only one of startingAfter and endingBefore.')
  if (sort != null) throw wrongCursor('Leave out sort with startingAfter or endingBefore: the order is by _id.')
  return { id: id.toLowerCase(), direction: endingBefore != null ? 'before' : 'after' }
}

const wrongCursor = (reason: string) => new Refusal('invalidArgument.unspecified', { path: 'startingAfter', reason })

const orderFor = (asked: Asked) => orderOf(parseSort(isBackward(asked) ? { _id: -1 } : asked.sort))

const maxNamed = 100

/**
 * The contexts of `show: 'context'`. A query for objects of an application must name them, since only the application
 * knows their owners.
 *
 * @param objects the requested types; empty for all types
 * @throws Refusal `invalidArgument.query` for too many named contexts, or for a type of an application without named
 *   contexts
 */
async function managedBy(
  module: ModuleContext,
  principal: Principal,
  {
    where,
    objects,
    known,
    skipAcl,
  }: { where: Where; objects: readonly string[]; known: readonly string[]; skipAcl: boolean },
): Promise<Managed['contexts']> {
  const named = valuesOf(where, 'context_key')
  const asked = [...objects, ...(valuesOf(where, 'context_object') ?? [])].map(String)
  if (!named) {
    const [object] = asked.filter((name) => !ownTypes.has(name))
    if (object !== undefined) throw unnamed(`Query one ${object} by its id, or up to 100 with $in.`)
    return 'shared'
  }
  if (named.length > maxNamed) throw unnamed(`At most ${maxNamed} contexts can be named.`)
  const possible = known.flatMap((object) =>
    [...new Set(named.flatMap((id) => contextIdOf(object, id) ?? []))].map((contextId): Context => ({
      object,
      contextId,
    })),
  )
  const there = await findContexts(module.db, possible)
  return skipAcl ? there : managed(module, principal, there)
}

const ownTypes = new Set([...uuidObjects, ...closedTypes.map(({ name }) => name)])

const unnamed = (reason: string) => new Refusal('invalidArgument.query', { path: 'where.context', reason })

async function managed(module: ModuleContext, principal: Principal, contexts: readonly Context[]): Promise<Context[]> {
  const loaded = await loadContexts(module, principal, contexts)
  return contexts.filter((context) => {
    const found = loaded.get(keyOf(context))
    return found && mayManage(typeOf(module, context.object), found.instance, principal, found.access)
  })
}

function listOf<Item>(items: readonly Item[], hasMore: boolean): ConnectionList<Item> {
  const list = [...items]
  const envelope = { object: { value: 'list' }, data: { value: list }, hasMore: { value: hasMore } }
  const toJSON = { value: () => ({ object: 'list', data: [...list], hasMore }) }
  return Object.defineProperties(list, { ...envelope, toJSON }) as ConnectionList<Item>
}
