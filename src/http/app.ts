import express, { type Express, type Request, type RequestHandler } from 'express'
import type { Config } from '../config.js'
import { checkMayNameByAddress } from '../connections/rules.js'
import type { Context } from '../context.js'
import { isBroken } from '../db/transact.js'
import { Failure } from '../errors.js'
import { mayHoldAddress } from '../people/hide-email.js'
import type { ModuleContext } from '../sharing/context.js'
import { forOrigins, fromOwnSite, type Sites, sitesOf } from './cross-site.js'
import { failureHandler, faultHandler } from './errors.js'
import { requestLog } from './log.js'
import { closeUnlessRead, receiveBody } from './request/body.js'
import { readParameters } from './request/parameters.js'
import { readPersonName } from './request/people.js'
import { free, methodNames, type Methods, routesOf, writing } from './routes.js'
import { type HttpServices, openServices, searchOf } from './services.js'
import { v2Router } from './v2/router.js'

/**
 * Door 1: the Atom API over HTTP; and beside it the module's own routes, under `/v2`.
 *
 * @param isStopping whether the server takes leave, so that `/ready` can say so
 * @param module undefined leaves its routes out
 */
export function createApp(context: Context, isStopping: () => boolean = () => false, module?: ModuleContext): Express {
  const services = openServices(context)
  const app = express()
  app.enable('case sensitive routing').enable('strict routing')
  app.disable('x-powered-by').disable('etag').set('query parser', false)
  // Where this is mounted in another app and no proxy is named, those that the other one trusts are trusted.
  if (context.config.TRUST_PROXY.length > 0) app.set('trust proxy', context.config.TRUST_PROXY)

  const sites = sitesOf(services)
  app.use(
    requestLog(context.log),
    closeUnlessRead,
    safeHeaders,
    leaveTaking(isStopping),
    oneHost,
    forOrigins(sites.trusted),
    shortAddress,
    onePrefix,
  )
  app.use(fromOwnSite(sites), countedByAddress(services, sites), receiveBody(services), services.load.admit)
  for (const [path, methods] of Object.entries(routesOf(services, isStopping))) {
    const route = app.route(path).all(checkNames(context.config))
    if (methods.get) route.get(twice(methods.get))
    for (const method of writing) if (methods[method]) route[method](methods[method])
    route.all(allowOnly(methods))
  }
  if (module) app.use('/v2', v2Router(services, module), faultHandler(context.log))
  app.use(noSuchAddress)
  app.use(failureHandler(context.log))
  return app
}

const safeHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox")
  next()
}

/** A client that is told to close its connection makes its next request to a server that stays. */
const leaveTaking =
  (isStopping: () => boolean): RequestHandler =>
  (_request, response, next) => {
    if (isStopping()) response.setHeader('Connection', 'close')
    next()
  }

/** RFC 9112, section 3.2: with two hosts, a proxy and we could each believe another. */
const oneHost: RequestHandler = ({ headersDistinct, httpVersion }, _response, next) => {
  const { host: hosts = [] } = headersDistinct
  const [host = ''] = hosts
  const isMissing = hosts.length === 0 && httpVersion === '1.1'
  if (hosts.length <= 1 && !isMissing && /^[^\s/?#@\\]*$/.test(host)) return next()
  throw new Failure('invalid', 'The request must have one Host header field, with a name or address and a port.')
}

const maxAddressLength = 4096

const shortAddress: RequestHandler = (request, _response, next) => {
  if (Buffer.byteLength(request.originalUrl) <= maxAddressLength) return next()
  throw new Failure('addressTooLong', `An address may have at most ${maxAddressLength} bytes.`)
}

/** Clients put their way of signing in before `/atom`; every way is taken on each (docs/wire.md, Prefixes). */
const onePrefix: RequestHandler = (request, _response, next) => {
  request.url = request.url
    .replace(/^https?:\/\/[^/?]*/i, '')
    .replace(/^(\/+profiles(\/(basic|oauth|form))?)?\/+(?=(admin\/)?atom\/|html\/|vcard\/|photo\.do)/, '/')
  next()
}

/** Counts a request that carries no credentials before anything is done for it. */
const countedByAddress =
  ({ countAnonymous }: HttpServices, { hasSession }: Sites): RequestHandler =>
  (request, response, next) => {
    const isAnonymous = request.headers.authorization === undefined && !hasSession(request)
    if (isAnonymous && request.method !== 'OPTIONS' && !free.includes(request.path)) countAnonymous(request, response)
    next()
  }

/**
 * A read that met a connection to the database which broke just then is done once more (docs/trust.md, Failure modes).
 */
const twice =
  (read: RequestHandler): RequestHandler =>
  async (request, response, next) => {
    try {
      await read(request, response, next)
    } catch (error) {
      if (response.headersSent || !isBroken(error)) throw error
      await read(request, response, next)
    }
  }

/** Answers what an address does not take. */
function allowOnly(methods: Methods): RequestHandler {
  const taken = methodNames
    .filter((method) => methods[method])
    .flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
  return (request, response) => {
    response.setHeader('Allow', [...taken, 'OPTIONS'].join(', '))
    if (request.method === 'OPTIONS') return void response.status(204).end()
    throw new Failure('methodNotAllowed', `This address takes ${taken.join(', ')} and OPTIONS, not ${request.method}.`)
  }
}

const noSuchAddress: RequestHandler = () => {
  throw new Failure('notFound', 'There is nothing at this address; the feed is at /profiles/atom/connections.do.')
}

/** What people are named by or looked for by, and what may hold an address. */
const holding = new Set(['search', 'name', 'uid', 'distinguishedName'])

/**
 * Refuses a request that names people by e-mail address, or looks for them by one, where that may not be. Nobody is looked
 * up for it, so that it is the same for every address.
 *
 * @throws Failure `invalid`; where addresses are shown nothing is looked at
 */
function checkNames({ HIDE_EMAIL }: Config): RequestHandler {
  return (request, _response, next) => {
    if (HIDE_EMAIL && isByAddress(request)) checkMayNameByAddress(HIDE_EMAIL)
    next()
  }
}

/** How long values may be is to be said by what reads them: an address of a page may be one. */
const isByAddress = (request: Request): boolean =>
  readParameters(searchOf(request), Infinity).some(([name, value]) => {
    const meanings = [name, readPersonName(name)?.alone ?? name]
    return meanings.includes('email') || (meanings.some((each) => holding.has(each)) && mayHoldAddress(value))
  })
