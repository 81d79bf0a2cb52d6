import { isAlive } from '../db/open.js'
import { Failure } from '../errors.js'
import { type Asset, icon, script, style, to } from '../pages/links.js'
import type { ModuleContext } from '../sharing/context.js'
import { type Answer, type Handler, redirect, unstored } from './answer.js'
import { type Head, wantsPage } from './exchange.js'
import { changePasswordByForm, makeByForm, revokeByForm, showAppPasswords, showPasswordPage } from './pages/account.js'
import { showNetworkPage, showPersonPage, showPicture, showSearchPage } from './pages/people.js'
import { showSignInPage, signInByForm, signOutByForm } from './pages/sign-in.js'
import { acceptByForm, inviteByForm, removeByForm } from './pages/write.js'
import { readConnectionsQuery, readInCommonQuery } from './request/lists.js'
import { completeConnection, removeConnections } from './resources/admin.js'
import { checkOr, inviteColleague, removeConnection, showConnection, updateConnection } from './resources/connection.js'
import { showConnections, showInCommon } from './resources/lists.js'
import { sendPhoto } from './resources/photo.js'
import { sendVcard, showProfileEntry, showProfiles, showProfileService, showProfileType } from './resources/profiles.js'
import { showChain, showManaged } from './resources/reports.js'
import { showSearch } from './resources/search.js'
import type { HttpServices } from './services.js'
import { moduleHandlers } from './v2/handlers.js'

/** The handlers of a path, by method. HEAD is listed on its own, often with the handler of GET. */
export type Methods = Readonly<Partial<Record<'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE', Handler>>>

/** Paths that are exempt from quotas, since they are cheap to serve. */
export const freePaths = ['/live', '/ready', '/html/icon.svg', '/html/style.css', '/html/script.js']

const moduleRoot = '/v2'
/** Whether a path belongs to the module. Errors at these paths are JSON. */
export const isModulePath = (path: string): boolean => path === moduleRoot || path.startsWith(`${moduleRoot}/`)

/**
 * All routes of the Atom API, its pages and the module: path patterns, and the handlers of each. Atom and page patterns
 * omit the prefix, such as `/profiles` or `/profiles/basic` (docs/wire.md, Prefixes). An exact match wins, otherwise
 * the first matching pattern.
 *
 * @param isStopping whether the server is shutting down
 * @param module the module to serve; undefined leaves out its routes
 */
export function routesOf(
  services: HttpServices,
  isStopping: () => boolean,
  module: ModuleContext | undefined,
): Readonly<Record<string, Methods>> {
  return { ...atomRoutes(services), ...pageRoutes(services, isStopping), ...(module && moduleRoutes(services, module)) }
}

const reading = (handler: Handler): Methods => ({ GET: handler, HEAD: handler })

/** Answers with the page if the client prefers one, else with the feed. */
const pageOr =
  (page: Handler, feed: Handler): Handler =>
  (exchange) =>
    wantsPage(exchange) ? page(exchange) : feed(exchange)

function atomRoutes(services: HttpServices): Readonly<Record<string, Methods>> {
  const list = pageOr(showNetworkPage(services, readConnectionsQuery), showConnections(services))
  return {
    '/atom/connections.do': {
      GET: list,
      HEAD: checkOr(services, list),
      POST: inviteColleague(services, 201),
    },
    '/atom/connection.do': {
      ...reading(showConnection(services)),
      POST: inviteColleague(services, 200),
      PUT: updateConnection(services),
      DELETE: removeConnection(services),
    },
    '/atom/connectionsInCommon.do': reading(
      pageOr(showNetworkPage(services, readInCommonQuery), showInCommon(services)),
    ),
    '/admin/atom/connections.do': { PUT: completeConnection(services), DELETE: removeConnections(services) },
    '/atom/profile.do': reading(showProfiles(services)),
    '/atom/profileEntry.do': reading(showProfileEntry(services)),
    '/atom/profileService.do': reading(showProfileService(services)),
    '/atom/profileType.do': reading(showProfileType(services)),
    '/atom/search.do': reading(pageOr(showSearchPage(services), showSearch(services))),
    '/atom/reportingChain.do': reading(showChain(services)),
    '/atom/peopleManaged.do': reading(showManaged(services)),
    '/vcard/profile.do': reading(sendVcard(services)),
    '/photo.do': reading(sendPhoto(services)),
  }
}

function pageRoutes(services: HttpServices, isStopping: () => boolean): Readonly<Record<string, Methods>> {
  return {
    '/html/profileView.do': reading(showPersonPage(services)),
    '/html/appPasswords.do': { ...reading(showAppPasswords(services)), POST: makeByForm(services) },
    '/html/password.do': { ...reading(showPasswordPage(services)), POST: changePasswordByForm(services) },
    '/html/revoke.do': { POST: revokeByForm(services) },
    '/html/picture.do': reading(showPicture(services)),
    '/html/signIn.do': { ...reading(showSignInPage), POST: signInByForm(services) },
    '/html/signOut.do': { POST: signOutByForm(services) },
    '/html/invite.do': { POST: inviteByForm(services) },
    '/html/accept.do': { POST: acceptByForm(services) },
    '/html/remove.do': { POST: removeByForm(services) },
    '/html/icon.svg': reading(assetHandler(icon)),
    '/html/style.css': reading(assetHandler(style)),
    '/html/script.js': reading(assetHandler(script)),
    '/': reading(redirectHome),
    '/live': reading(live),
    '/ready': reading(ready(services, isStopping)),
  }
}

function moduleRoutes(services: HttpServices, module: ModuleContext): Readonly<Record<string, Methods>> {
  const { list, read, apply, create, remove } = moduleHandlers(services, module)
  // No HEAD, since a GET may count as a use of a link with limited uses.
  return {
    '/v2/connections': { GET: list },
    '/v2/connections/:id': { GET: read, POST: apply, DELETE: remove },
    // Always a fault: connections have no connections of their own.
    '/v2/connections/:id/connections': { POST: create },
    '/v2/connections/:id/*path': { GET: read },
    '/v2/:objects/:id/connections': { POST: create },
  }
}

/** The route of a request, and its decoded path parameters. */
export interface Match {
  readonly pattern: string
  readonly methods: Methods
  readonly params: Readonly<Record<string, string>>
}

/**
 * Creates a function that finds the route of a request.
 *
 * @returns a function that throws Failure `notFound` if no route matches, and `invalid` if the URL of a module route is
 *   not percent-encoded UTF-8
 */
export function router(routes: Readonly<Record<string, Methods>>): (head: Pick<Head, 'path' | 'search'>) => Match {
  const patterns = Object.entries(routes).map(([pattern, methods]) => ({ pattern, methods, form: formOf(pattern) }))
  const fixed = new Map(patterns.map((route) => [route.pattern, { ...route, params: {} }]))
  const hasModule = Object.keys(routes).some(isModulePath)
  return ({ path, search }) => {
    const isModule = hasModule && isModulePath(path)
    if (isModule) checkDecodable(path + search)
    const known = fixed.get(path)
    if (known) return known
    for (const { pattern, methods, form } of isModule ? patterns : []) {
      const groups = form.exec(path)?.groups
      if (groups) return { pattern, methods, params: decoded(groups) }
    }
    const hint = isModule
      ? `connections are at ${moduleRoot}/connections`
      : 'the feed is at /profiles/atom/connections.do'
    throw new Failure('notFound', `There is nothing at this address; ${hint}.`)
  }
}

/** `:name` matches one segment of a path, `*name` all remaining segments. */
const formOf = (pattern: string) =>
  new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[^/]+)').replace(/\*(\w+)/g, '(?<$1>.+)')}$`, 's')

const decoded = (groups: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]))

function checkDecodable(text: string): void {
  try {
    decodeURIComponent(text)
  } catch (cause) {
    const sentence = 'The percent-encoding is invalid or not UTF-8. Write a literal percent sign as %25.'
    throw new Failure('invalid', sentence, { cause })
  }
}

/** The methods of a route, for an Allow field or a message. */
export const methodsOf = ({ methods }: Match): string[] => Object.keys(methods)

/** `/live` answers as long as the process runs. */
const live: Handler = () => unstored('live\n', 'text/plain; charset=utf-8')

/** `/ready` answers 200 if the database answers within a second and the server is not shutting down, otherwise 503. */
const ready =
  ({ db }: HttpServices, isStopping: () => boolean): Handler =>
  async (): Promise<Answer> => {
    const isReady = !isStopping() && (await isAlive(db, 1000))
    return {
      ...unstored(isReady ? 'ready\n' : 'not ready\n', 'text/plain; charset=utf-8'),
      status: isReady ? 200 : 503,
    }
  }

/** GET of `/` redirects to the caller's network. */
const redirectHome: Handler = () => redirect(to.network('accepted').replace('..', 'profiles'))

/** A static file of the pages. Browsers may cache it forever, since its URL changes with its content. */
const assetHandler =
  ({ type, content }: Asset): Handler =>
  () => ({ ...unstored(content, type), fields: { 'Cache-Control': 'public, max-age=31536000, immutable' } })
