import express, { type Express, type RequestHandler } from 'express'
import type { Context } from '../context.js'
import { isBroken } from '../db/unavailable.js'
import { Failure } from '../errors.js'
import type { ModuleWorld } from '../module/scope.js'
import { icon, script, style } from '../pages/assets.js'
import { completeConnection, removeConnections } from './administer.js'
import { checkNames } from './by-address.js'
import { checkOr, removeConnection, rewriteConnection, showConnection } from './connection.js'
import { showConnections } from './connections.js'
import { forOrigins } from './cors.js'
import { openDoor } from './door.js'
import { failureHandler } from './fail.js'
import { live, ready } from './health.js'
import { showInCommon } from './in-common.js'
import { inviteColleague } from './invite.js'
import { atMost } from './load.js'
import { requestLog } from './log.js'
import { sendPhoto } from './photo.js'
import { showProfileEntry } from './profile-entry.js'
import { showProfileService } from './profile-service.js'
import { showProfileType } from './profile-type.js'
import { pageOr } from './negotiate.js'
import { makeByForm, revokeByForm, showAppPasswords } from './pages/app-passwords.js'
import { sendAsset } from './pages/asset.js'
import { leadHome } from './pages/lead.js'
import { showNetworkPage } from './pages/network.js'
import { changePasswordByForm, showPasswordPage } from './pages/password.js'
import { showPersonPage } from './pages/person.js'
import { showPicture } from './pages/picture.js'
import { showSearchPage } from './pages/search.js'
import { showSignInPage, signInByForm, signOutByForm } from './pages/sign-in.js'
import { acceptByForm, inviteByForm, removeByForm } from './pages/write.js'
import { showProfiles } from './profiles.js'
import { readConnectionsQuery, readInCommonQuery } from './query.js'
import { showChain, showManaged } from './reports.js'
import { fromOwnSite, sitesOf } from './same-site.js'
import { showSearch } from './search.js'
import { faultHandler } from './v2/fault.js'
import { v2Router } from './v2/router.js'
import { sendVcard } from './vcard.js'

/**
 * Door 1: the Atom API over HTTP; and beside it the module's own routes, under `/v2`.
 *
 * @param isStopping whether the server takes leave, so that `/ready` can say so
 * @param module undefined leaves its routes out
 */
export function createApp(context: Context, isStopping: () => boolean = () => false, module?: ModuleWorld): Express {
  const door = openDoor(context)
  const app = express()
  app.enable('case sensitive routing').enable('strict routing')
  app.disable('x-powered-by').disable('etag').set('query parser', false)
  // Where this is mounted in another app and no proxy is named, those that the other one trusts are trusted.
  if (context.config.TRUST_PROXY.length > 0) app.set('trust proxy', context.config.TRUST_PROXY)

  const sites = sitesOf(door)

  app.use(
    requestLog(context.log),
    safeHeaders,
    leaveTaking(isStopping),
    forOrigins(sites.trusted),
    shortAddress,
    onePrefix,
  )
  app.use(atMost(200), fromOwnSite(sites))
  const routes: Record<string, Methods> = {
    '/live': { get: live },
    '/ready': { get: ready(context, isStopping) },
    '/atom/connections.do': {
      get: checkOr(door, pageOr(showNetworkPage(door, { read: readConnectionsQuery }), showConnections(door))),
      post: inviteColleague(door, 201),
    },
    '/atom/connection.do': {
      get: showConnection(door),
      post: inviteColleague(door, 200),
      put: rewriteConnection(door),
      delete: removeConnection(door),
    },
    '/atom/connectionsInCommon.do': {
      get: pageOr(showNetworkPage(door, { read: readInCommonQuery }), showInCommon(door)),
    },
    '/admin/atom/connections.do': { put: completeConnection(door), delete: removeConnections(door) },
    '/atom/profile.do': { get: showProfiles(door) },
    '/atom/profileEntry.do': { get: showProfileEntry(door) },
    '/atom/profileService.do': { get: showProfileService(door) },
    '/atom/profileType.do': { get: showProfileType(door) },
    '/atom/search.do': { get: pageOr(showSearchPage(door), showSearch(door)) },
    '/atom/reportingChain.do': { get: showChain(door) },
    '/atom/peopleManaged.do': { get: showManaged(door) },
    '/vcard/profile.do': { get: sendVcard(door) },
    '/photo.do': { get: sendPhoto(door) },
    '/html/profileView.do': { get: showPersonPage(door) },
    '/html/appPasswords.do': { get: showAppPasswords(door), post: makeByForm(door) },
    '/html/password.do': { get: showPasswordPage(door), post: changePasswordByForm(door) },
    '/html/revoke.do': { post: revokeByForm(door) },
    '/html/picture.do': { get: showPicture(door) },
    '/html/signIn.do': { get: showSignInPage, post: signInByForm(door) },
    '/html/signOut.do': { post: signOutByForm(door) },
    '/html/invite.do': { post: inviteByForm(door) },
    '/html/accept.do': { post: acceptByForm(door) },
    '/html/remove.do': { post: removeByForm(door) },
    '/': { get: leadHome },
    '/html/icon.svg': { get: sendAsset(icon) },
    '/html/style.css': { get: sendAsset(style) },
    '/html/script.js': { get: sendAsset(script) },
  }
  for (const [path, methods] of Object.entries(routes)) {
    const route = app.route(path).all(checkNames(context.config))
    if (methods.get) route.get(twice(methods.get))
    for (const method of writing) if (methods[method]) route[method](methods[method])
    route.all(allowOnly(methods))
  }
  if (module) app.use('/v2', v2Router(door, module), faultHandler(context.log))
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
    .replace(/^(\/+profiles(\/(basic|oauth|form))?)?\/+(?=(admin\/)?atom\/|html\/|vcard\/|photo\.do)/, '/')
  next()
}

const writing = ['post', 'put', 'delete'] as const
const methodNames = ['get', ...writing] as const

/** The handlers of an address. HEAD is answered by `get`. */
type Methods = { readonly [Method in (typeof methodNames)[number]]?: RequestHandler }

/** A read that met a connection to the database which broke just then is done once more (trust, section 6). */
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
