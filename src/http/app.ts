import express, { type Express, type RequestHandler } from 'express'
import { atomWriter } from '../atom/writer.js'
import { identifier } from '../auth/identify.js'
import type { Context } from '../context.js'
import { Failure } from '../errors.js'
import { showConnections } from './connections.js'
import { failureHandler } from './fail.js'
import { live, ready } from './health.js'
import { requestLog } from './log.js'

/**
 * Door 1: the Atom API over HTTP.
 *
 * @param isStopping whether the server takes leave, so that `/ready` can say so
 */
export function createApp(context: Context, isStopping: () => boolean = () => false): Express {
  const atom = atomWriter(context.baseUrl)
  const identify = identifier(context.db)
  const app = express()
  app.enable('case sensitive routing').enable('strict routing')
  app.disable('x-powered-by').disable('etag').set('query parser', false)

  app.use(requestLog(context.log), safeHeaders, leaveTaking(isStopping), shortAddress, onePrefix)
  app.get('/live', live)
  app.get('/ready', ready(context, isStopping))
  app.get('/atom/connections.do', showConnections(context, atom, identify))
  app.all(['/live', '/ready', '/atom/connections.do'], allowOnly('GET, HEAD'))
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

const longest = 4096

const shortAddress: RequestHandler = (request, _response, next) => {
  if (Buffer.byteLength(request.originalUrl) <= longest) return next()
  throw new Failure('addressTooLong', `An address may have at most ${longest} bytes.`)
}

/** Clients put their way of signing in before `/atom`; every way is taken on each (wire reference, section 2.1). */
const onePrefix: RequestHandler = (request, _response, next) => {
  request.url = request.url
    .replace(/^https?:\/\/[^/?]*/i, '')
    .replace(/^(\/+profiles(\/(basic|oauth|form))?)?\/+atom\//, '/atom/')
  next()
}

const allowOnly =
  (methods: string): RequestHandler =>
  (request, response) => {
    response.setHeader('Allow', `${methods}, OPTIONS`)
    if (request.method === 'OPTIONS') return void response.status(204).end()
    throw new Failure('methodNotAllowed', `This address takes ${methods} and OPTIONS, not ${request.method}.`)
  }

const noSuchAddress: RequestHandler = () => {
  throw new Failure('notFound', 'There is nothing at this address; the feed is at /profiles/atom/connections.do.')
}
