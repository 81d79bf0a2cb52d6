import type { ModuleContext } from './world.js'
import { contextIdOf, uuidObjects } from '../connections/context-id.js'
import { Fault } from '../faults.js'
import { isOwner, type Principal } from './access.js'
import { type Context, findContexts, type Managed } from './list-statements.js'
import { levels } from './object-types.js'
import { closedTypes } from './own-types.js'
import { valuesOf, type Where } from './query/conditions.js'
import { keyOf, loadContexts } from './show.js'
import { typeOf } from './world.js'

const maxNamed = 100

/**
 * The contexts whose connections a caller may list and end. Whose an object of an application is only the application
 * knows, so these have to be named.
 *
 * @param objects the types that are asked for; none for all that are known
 * @throws Fault `invalidArgument.query` if too many are named, or none of an application's
 */
export async function managedBy(
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
    if (object !== undefined) throw refused(`Which ${object} is meant has to be said: one id, or up to 100 by $in.`)
    return 'shared'
  }
  if (named.length > maxNamed) throw refused(`At most ${maxNamed} contexts can be named.`)
  const possible = known.flatMap((object) =>
    [...new Set(named.flatMap((id) => contextIdOf(object, id) ?? []))].map((contextId): Context => ({
      object,
      contextId,
    })),
  )
  const there = await findContexts(module.db, possible)
  return skipAcl ? there : mayShare(module, principal, there)
}

const ownTypes = new Set([...uuidObjects, ...closedTypes.map(({ name }) => name)])

const refused = (reason: string) => new Fault('invalidArgument.query', { path: 'where.context', reason })

async function mayShare(module: ModuleContext, principal: Principal, contexts: readonly Context[]): Promise<Context[]> {
  const loaded = await loadContexts(module, principal, contexts)
  return contexts.filter((context) => {
    const found = loaded.get(keyOf(context))
    if (!found) return false
    return found.access.level >= levels.share || isOwner(typeOf(module, context.object), found.instance, principal)
  })
}
