import { Fault } from '../../faults.js'
import { isUuid } from '../../people/account.js'
import { type Connections, connectionsOf, type TargetInput } from '../../sharing/api.js'
import { type CallerScope, type ModuleContext, runIn } from '../../sharing/context.js'
import type { Answer, Handler } from '../answer.js'
import { admit } from '../caller.js'
import type { Exchange, Head } from '../exchange.js'
import type { HttpServices } from '../services.js'
import { json, jsonResult, listOptionsOf, readJson, readOptionsOf } from './request.js'

/** Handlers of the `connections` module over HTTP, as JSON (docs/module.md, HTTP). */
interface ModuleHandlers {
  readonly list: Handler
  readonly read: Handler
  readonly apply: Handler
  readonly create: Handler
  readonly remove: Handler
}

/** Creates the handlers. They call the module as the caller of the request, without privileges. */
export function moduleHandlers(services: HttpServices, module: ModuleContext): ModuleHandlers {
  const inScope =
    (handle: (calls: Connections, exchange: Exchange) => Promise<Answer>): Handler =>
    async (exchange) => {
      const scope = await scopeOf(services, module, exchange)
      return runIn(scope, () => handle(connectionsOf(scope), exchange))
    }
  return {
    list: inScope(list),
    read: inScope(read),
    apply: inScope(apply),
    create: inScope(create),
    remove: inScope(remove),
  }
}

/**
 * The scope of a request: its caller, without privileges.
 *
 * @param requestId stored with the events of the request
 * @throws Failure as `admit`
 */
export async function scopeOf(
  services: HttpServices,
  module: ModuleContext,
  head: Head,
  requestId: string | null = head.id,
): Promise<CallerScope> {
  const account = await admit(services, head)
  return { module, caller: { accountId: account?.id ?? null, requestId } }
}

async function list(calls: Connections, exchange: Exchange): Promise<Answer> {
  await exchange.turn()
  return json(await calls.list(listOptionsOf(exchange)))
}

async function read(calls: Connections, exchange: Exchange): Promise<Answer> {
  // Not decoded here, since the module decodes each name in the path.
  const path = exchange.path.slice('/v2/connections/'.length)
  return jsonResult(await calls.read(path, readOptionsOf(exchange)))
}

async function apply(calls: Connections, { params: { id = '' } }: Exchange): Promise<Answer> {
  if (isUuid(id)) throw new Fault('invalidArgument.object', { path: 'connections' })
  return json(await calls.apply(id))
}

/** A limit of HTTP only, since each target delays other requests. */
const maxTargets = 100

async function create(calls: Connections, exchange: Exchange): Promise<Answer> {
  const { objects = 'connections', id = '' } = exchange.params
  const { targets } = readJson(exchange)
  if (Array.isArray(targets) && targets.length > maxTargets) {
    throw new Fault('tooLarge.connectionTargets', { path: String(targets.length) })
  }
  const data = await calls.create(objects, id, targets as TargetInput[])
  return json({ object: 'list', data, hasMore: false })
}

async function remove(calls: Connections, { params: { id = '' } }: Exchange): Promise<Answer> {
  return jsonResult(await calls.delete(id))
}
