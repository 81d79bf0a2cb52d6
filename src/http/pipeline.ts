import type { ServerResponse } from 'node:http'
import { isBroken } from '../db/transact.js'
import { Failure } from '../errors.js'
import { hasCredentials } from '../identity/identity.js'
import type { ModuleContext } from '../sharing/context.js'
import type { Answer, Fields } from './answer.js'
import { checkSite, corsFor, type Sites } from './cross-site.js'
import { type Exchange, type Head, headOf, type Incoming, isSafe, type Sender, valuesOf } from './exchange.js'
import type { Place } from './load.js'
import { failureAnswer, faultAnswer } from './refusals.js'
import { closeUnlessRead, receiver } from './request/body.js'
import { checkNames } from './request/people.js'
import { render, type Rendered, send } from './response/send.js'
import { freePaths, isModulePath, type Match, type Methods, methodsOf, router, routesOf } from './routes.js'
import type { HttpServices } from './services.js'

/** Serves a request: from its head to the end of its answer. Never rejects. */
export type Serve = (request: Incoming, response: ServerResponse, sender: Sender) => Promise<void>

/**
 * Makes the steps of every request, with or without Express: check the head, count the request, receive its body, call
 * the handler of its route, and send the answer.
 *
 * @param isStopping whether the server is shutting down. If so, `/ready` answers 503 and connections are closed
 * @param module the module to serve; undefined leaves out `/v2`
 */
export function openPipeline(services: HttpServices, isStopping: () => boolean, module?: ModuleContext): Serve {
  const { load, log, now, pages, requestLog } = services
  const sites = sitesOf(services)
  const receive = receiver(load)
  const find = router(routesOf(services, isStopping, module))
  const corsFields = corsFor(sites.trusted)

  /** Checks a request, calls its handler, and renders the answer. */
  async function answer(request: Incoming, response: ServerResponse, head: Head): Promise<Rendered> {
    checkHost(request)
    checkLength(request.originalUrl ?? request.url ?? '')
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
    const reply = async () => render(await handler(exchange), exchange, now, pages)
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

  return async (request, response, sender) => {
    const head = headOf(request, sender, services.identify)
    const start = performance.now()
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
    requestLog.write(head, rendered, response, start)
    send(response, fields, rendered)
    if (rendered.status === 304) head.progress.refund?.()
  }
}

export const sitesOf = ({ baseUrl, config }: HttpServices): Sites => ({
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
function checkHost(request: Incoming): void {
  const hosts = valuesOf(request, 'host')
  const [host = ''] = hosts
  const isMissing = hosts.length === 0 && request.httpVersion === '1.1'
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
