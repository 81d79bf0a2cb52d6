import express, { type Express, type RequestHandler } from 'express'
import type { Context } from '../context.js'
import { type ModuleContext, runIn } from '../sharing/context.js'
import { checkSite } from './cross-site.js'
import { headOf, isSafe, type Sender } from './exchange.js'
import { passExpress } from './fast/front.js'
import { openPipeline, sitesOf } from './pipeline.js'
import { faultAnswer } from './refusals.js'
import { render, send } from './response/send.js'
import { type HttpServices, openServices } from './services.js'
import { scopeOf } from './v2/handlers.js'

/**
 * Creates the Express app: the Atom API, its pages, and the routes of the module under `/v2`.
 *
 * @param isStopping whether the server is shutting down. If so, `/ready` answers 503 and connections are closed
 * @param module the module to serve; undefined leaves out `/v2`
 */
export function createApp(context: Context, isStopping: () => boolean = () => false, module?: ModuleContext): Express {
  const services = openServices(context)
  const { config } = services
  const serve = openPipeline(services, isStopping, module)
  const app = express()
  app.disable('x-powered-by')
  // If this is not set, Express inherits the trusted proxies of the app that mounts this one.
  if (config.TRUST_PROXY.length > 0) app.set('trust proxy', config.TRUST_PROXY)
  app.use((request, response) => serve(request, response, senderOf(services, request)))
  return config.FAST === 'on' ? passExpress(app, serve, config.TRUST_PROXY) : app
}

/** The sender of a request as Express sees it. */
const senderOf = ({ sessionOf }: HttpServices, request: express.Request): Sender => ({
  address: request.ip ?? '',
  isSecure: request.secure,
  session: sessionOf(request),
})

/**
 * Middleware for an application's own routes. Later middleware runs in the scope of the request's caller, or of an
 * anonymous caller. Invalid credentials and cross-site writes are refused as under `/v2`. Events are stored with
 * `response.locals.requestId`, if it is set.
 */
export function callerScope(context: Context, module: ModuleContext): RequestHandler {
  const services = openServices(context)
  const sites = sitesOf(services)
  return async (request, response, next) => {
    const head = headOf(request, senderOf(services, request), services.identify)
    const { requestId = null } = response.locals as { readonly requestId?: string }
    try {
      if (!isSafe(head)) checkSite(head, sites)
      const scope = await scopeOf(services, module, head, requestId)
      response.once('finish', () => {
        if (response.statusCode === 304) head.progress.refund?.()
      })
      runIn(scope, next)
    } catch (error) {
      send(response, {}, await render(faultAnswer(services.log, head, error), head, services.now))
    }
  }
}
