import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { Context } from '../../context.js'
import { Failure } from '../../errors.js'
import { Fault } from '../../faults.js'
import { isUuid } from '../../people/account.js'
import { type Connections, connectionsOf, type TargetInput } from '../../sharing/api.js'
import { type CallerScope, type ModuleContext, runIn } from '../../sharing/context.js'
import { fromOwnSite, sitesOf } from '../cross-site.js'
import { faultHandler } from '../errors.js'
import { type HttpServices, openServices } from '../services.js'
import { listOptionsOf, readJson, readOptionsOf, sendJson, sendValue } from './request.js'

type Handler = (calls: Connections, request: Request, response: Response) => Promise<void>

/**
 * The `connections` module over HTTP, as JSON (docs/module.md, HTTP): same rules, same faults, for the caller whom the
 * request names, and without any privilege.
 */
export function v2Router(services: HttpServices, module: ModuleContext): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.use(decodable)
  const routes: Record<string, { readonly [Method in 'GET' | 'POST' | 'DELETE']?: Handler }> = {
    '/connections': { GET: list },
    '/connections/:which': { GET: read, POST: apply, DELETE: remove },
    // Of connections themselves nobody can have connections, as is told by the fault.
    '/connections/:id/connections': { POST: create },
    '/connections/:which/*path': { GET: read },
    '/:objects/:id/connections': { POST: create },
  }
  for (const [path, methods] of Object.entries(routes))
    router.all(path, named(path), handled(services, module, methods))
  router.use(() => {
    throw new Failure('notFound', 'There is nothing at this address; connections are at /v2/connections.')
  })
  return router
}

/** Tells the log where it was, since an error is handled outside this router. */
const named =
  (path: string): RequestHandler =>
  (request, response, next) => {
    response.locals['route'] = `${request.baseUrl}${path}`
    next()
  }

/** Refused before the router takes a path apart, which would call it a fault of the server. */
const decodable: RequestHandler = (request, _response, next) => {
  try {
    decodeURIComponent(request.originalUrl)
  } catch (cause) {
    const sentence = 'The address holds a percent sign that encodes no UTF-8 text; a literal one is %25.'
    throw new Failure('invalid', sentence, { cause })
  }
  next()
}

/** HEAD is not taken for GET: whoever only looks must not use up a link. */
function handled(
  services: HttpServices,
  module: ModuleContext,
  methods: { readonly [Method in string]?: Handler },
): RequestHandler {
  const taken = Object.keys(methods).join(', ')
  return async (request, response) => {
    const handler = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
    if (!handler) {
      response.setHeader('Allow', `${taken}, OPTIONS`)
      if (request.method === 'OPTIONS') return void response.status(204).end()
      throw new Failure('methodNotAllowed', `This address takes ${taken} and OPTIONS, not ${request.method}.`)
    }
    const scope = await scopeOf(services, module, request, response)
    if (handler === list) await services.load.turn(request, response)
    await runIn(scope, () => handler(connectionsOf(scope), request, response))
  }
}

const list: Handler = async (calls, request, response) => {
  sendJson(response, await calls.list(listOptionsOf(request)))
}

const read: Handler = async (calls, request, response) => {
  // As it came: the names of a path are percent-encoded.
  sendValue(response, await calls.read(request.path.slice('/connections/'.length), readOptionsOf(request)))
}

const apply: Handler = async (calls, request, response) => {
  const { which } = request.params as { which: string }
  if (isUuid(which)) throw new Fault('invalidArgument.object', { path: 'connections' })
  sendJson(response, await calls.apply(which))
}

/** A program may name any number of addresses; here each costs others time. */
const maxTargets = 100

const create: Handler = async (calls, request, response) => {
  const { objects = 'connections', id = '' } = request.params as { objects?: string; id?: string }
  const { targets } = readJson(request)
  if (Array.isArray(targets) && targets.length > maxTargets) {
    throw new Fault('tooLarge.connectionTargets', { path: String(targets.length) })
  }
  const data = await calls.create(objects, id, targets as TargetInput[])
  sendJson(response, { object: 'list', data, hasMore: false })
}

const remove: Handler = async (calls, request, response) => {
  const { which } = request.params as { which: string }
  sendValue(response, await calls.delete(which))
}

/**
 * The scope of a request: of its caller, without any privilege.
 *
 * @param response the id of the request, where its `locals` have one, is kept with what is done
 * @throws Failure as `identifier`
 */
async function scopeOf(
  services: HttpServices,
  module: ModuleContext,
  request: Request,
  response: Response,
): Promise<CallerScope> {
  const account = await services.identify(request)
  const { requestId = null } = response.locals as { requestId?: string }
  return { module, caller: { accountId: account?.id ?? null, requestId } }
}

/**
 * Middleware for an application's own routes: what comes after it runs in the scope of the request. Without credentials
 * that is nobody's; wrong ones, and a write that a page of another site has a browser send, are answered as under `/v2`.
 */
export function callerScope(context: Context, module: ModuleContext): Router {
  const services = openServices(context)
  const router = Router()
  router.use(fromOwnSite(sitesOf(services)), async (request, response, next) =>
    runIn(await scopeOf(services, module, request, response), next),
  )
  router.use(faultHandler(context.log))
  return router
}
