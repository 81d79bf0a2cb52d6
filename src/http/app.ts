import express, { type Express, type Request, type RequestHandler, type Response } from 'express'
import type { Context } from '../context.js'
import { isBroken } from '../db/transact.js'
import { Failure } from '../errors.js'
import { hasCredentials } from '../identity/identity.js'
import { type ModuleContext, runIn } from '../sharing/context.js'
import type { Answer, Fields } from './answer.js'
import { checkSite, corsFor, type Sites } from './cross-site.js'
import { type Exchange, type Head, headOf, isSafe } from './exchange.js'
import type { Place } from './load.js'
import { logWhenOver } from './log.js'
import { failureAnswer, faultAnswer } from './refusals.js'
import { closeUnlessRead, receiver } from './request/body.js'
import { checkNames } from './request/people.js'
import { render, type Rendered, send } from './response/send.js'
import { freePaths, isModulePath, type Match, type Methods, methodsOf, router, routesOf } from './routes.js'
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
  const { config, load, log, now } = services
  const sites = sitesOf(services)
  const receive = receiver(load)
  const find = router(routesOf(services, isStopping, module))
  const corsFields = corsFor(sites.trusted)

  /** Checks a request, calls its handler, and renders the answer. */
  async function answer(request: Request, response: Response, head: Head): Promise<Rendered> {
    checkHost(request)
    checkLength(request.originalUrl)
    if (!isSafe(head)) checkSite(head, sites)
    // Count anonymous requests before doing any work for them.
    if (!hasCredentials(head.client) && !isFree(head)) services.quotas.countNetwork(head)
    const body = await receive(request, response, head)
    const place = load.admit(response, head)
    try {
      return await answerFrom(find(head), head, body, place)
    } finally {
      place.leave()
    }
  }

  async function answerFrom(match: Match, head: Head, body: Uint8Array, { turn }: Place): Promise<Rendered> {
    const { pattern, methods, params } = match
    head.progress.route = pattern
    if (!services.presenter.takesAddresses && !isModulePath(pattern)) checkNames(head.search)
    const handler = methods[head.method as keyof Methods]
    if (!handler) return render(otherMethod(head, match), head, now)
    const exchange: Exchange = { ...head, body, params, turn }
    const reply = async () => render(await handler(exchange), exchange, now)
    return isRepeatable(match, head) ? twice(reply) : reply()
  }

  const refuse = (head: Head, error: unknown): Answer =>
    (module && isModulePath(head.path) ? faultAnswer : failureAnswer)(log, head, error)

  /** Answers OPTIONS, and refuses any other method that the address does not support. */
  function otherMethod(head: Head, match: Match): Answer {
    const taken = methodsOf(match)
    const fields = { Allow: [...taken, 'OPTIONS'].join(', ') }
    if (head.method === 'OPTIONS') return { status: 204, fields }
    const sentence = `This address accepts ${taken.join(', ')} and OPTIONS, not ${head.method}.`
    const refusal = refuse(head, new Failure('methodNotAllowed', sentence))
    return { ...refusal, fields: { ...refusal.fields, ...fields } }
  }

  const app = express()
  app.disable('x-powered-by')
  // If this is not set, Express inherits the trusted proxies of the app that mounts this one.
  if (config.TRUST_PROXY.length > 0) app.set('trust proxy', config.TRUST_PROXY)
  return app.use(async (request, response) => {
    const head = headOf(request, services.sessionOf(request), services.identify)
    logWhenOver(log, head, response)
    if (!closeUnlessRead(request, response)) return
    const fields: Fields = {
      ...safeFields,
      // While shutting down, close connections so that clients reconnect to another server.
      ...(isStopping() && { Connection: 'close' }),
      ...(sites.trusted.length > 0 && corsFields(head)),
    }
    const rendered = await answer(request, response, head).catch((error: unknown) =>
      render(refuse(head, error), head, now),
    )
    send(response, fields, rendered)
    if (rendered.status === 304) head.progress.refund?.()
  })
}

const sitesOf = ({ baseUrl, config }: HttpServices): Sites => ({
  own: new URL(baseUrl).origin,
  trusted: config.CORS_ORIGINS,
})

const safeFields = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
}

/**
 * Refuses a missing, repeated or malformed Host field (RFC 9112, section 3.2). If there were two, a proxy and this
 * server could each use a different one.
 */
function checkHost({ headersDistinct, httpVersion }: Request): void {
  const { host: hosts = [] } = headersDistinct
  const [host = ''] = hosts
  const isMissing = hosts.length === 0 && httpVersion === '1.1'
  if (hosts.length <= 1 && !isMissing && /^[^\s/?#@\\]*$/.test(host)) return
  throw new Failure('invalid', 'The request must have exactly one Host header field: a host and an optional port.')
}

const maxAddressLength = 4096

function checkLength(address: string): void {
  if (Buffer.byteLength(address) <= maxAddressLength) return
  throw new Failure('addressTooLong', `An address may have at most ${maxAddressLength} bytes.`)
}

const isFree = ({ method, path }: Head): boolean => method === 'OPTIONS' || freePaths.includes(path)

/** Whether a request may run twice. A GET of a route without HEAD may have side effects. */
const isRepeatable = ({ methods }: Match, { method }: Head): boolean =>
  method === 'HEAD' || (method === 'GET' && methods.HEAD !== undefined)

/** Retries a read once if its database connection broke (docs/trust.md, Failure modes). */
async function twice<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    if (!isBroken(error)) throw error
    return read()
  }
}

/**
 * Middleware for an application's own routes. Later middleware runs in the scope of the request's caller, or of an
 * anonymous caller. Invalid credentials and cross-site writes are refused as under `/v2`. Events are stored with
 * `response.locals.requestId`, if it is set.
 */
export function callerScope(context: Context, module: ModuleContext): RequestHandler {
  const services = openServices(context)
  const sites = sitesOf(services)
  return async (request, response, next) => {
    const head = headOf(request, services.sessionOf(request), services.identify)
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
