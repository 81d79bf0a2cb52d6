import { type Request, type Response, Router } from 'express'
import type { Context } from '../context.js'
import { type ModuleWorld, runIn, type Scope } from '../module/scope.js'
import { type Door, openDoor } from './door.js'
import { fromOwnSite, sitesOf } from './same-site.js'
import { faultHandler } from './v2/fault.js'

/**
 * The scope of a request: of its caller, without any privilege.
 *
 * @param response the id of the request, where its `locals` have one, is kept with what is done
 * @throws Failure as `identifier`
 */
export async function scopeOf(door: Door, world: ModuleWorld, request: Request, response: Response): Promise<Scope> {
  const account = await door.identify(request)
  const { requestId = null } = response.locals as { requestId?: string }
  return { world, caller: { accountId: account?.id ?? null, requestId } }
}

/**
 * Middleware for an application's own routes: what comes after it runs in the scope of the request. Without credentials
 * that is nobody's; wrong ones, and a write that a page of another site has a browser send, are answered as under `/v2`.
 */
export function callerScope(context: Context, world: ModuleWorld): Router {
  const door = openDoor(context)
  const router = Router()
  router.use(fromOwnSite(sitesOf(door)), async (request, response, next) =>
    runIn(await scopeOf(door, world, request, response), next),
  )
  router.use(faultHandler(context.log))
  return router
}
