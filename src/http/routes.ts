import type { RequestHandler } from 'express'
import type { Context } from '../context.js'
import { isAlive } from '../db/open.js'
import { icon, script, style } from '../pages/links.js'
import { changePasswordByForm, makeByForm, revokeByForm, showAppPasswords, showPasswordPage } from './pages/account.js'
import { redirectHome, sendAsset } from './pages/page.js'
import { showNetworkPage, showPersonPage, showPicture, showSearchPage } from './pages/people.js'
import { showSignInPage, signInByForm, signOutByForm } from './pages/sign-in.js'
import { acceptByForm, inviteByForm, removeByForm } from './pages/write.js'
import { pageOr } from './request/accept.js'
import { readConnectionsQuery, readInCommonQuery } from './request/lists.js'
import { completeConnection, removeConnections } from './resources/admin.js'
import {
  checkOr,
  inviteColleague,
  removeConnection,
  rewriteConnection,
  showConnection,
} from './resources/connection.js'
import { showConnections, showInCommon } from './resources/lists.js'
import { sendPhoto } from './resources/photo.js'
import { sendVcard, showProfileEntry, showProfiles, showProfileService, showProfileType } from './resources/profiles.js'
import { showChain, showManaged } from './resources/reports.js'
import { showSearch } from './resources/search.js'
import type { HttpServices } from './services.js'

/** Methods that change something. */
export const writing = ['post', 'put', 'delete'] as const
export const methodNames = ['get', ...writing] as const

/** The handlers of an address. HEAD is answered by `get`. */
export type Methods = { readonly [Method in (typeof methodNames)[number]]?: RequestHandler }

/** Addresses that cost next to nothing. */
export const free = ['/live', '/ready', '/html/icon.svg', '/html/style.css', '/html/script.js']

/**
 * Every address of the Atom API and of its pages, without the prefix, and what handles each of its methods.
 *
 * @param isStopping whether the server takes leave
 */
export const routesOf = (services: HttpServices, isStopping: () => boolean): Readonly<Record<string, Methods>> => ({
  '/live': { get: live },
  '/ready': { get: ready(services, isStopping) },
  '/atom/connections.do': {
    get: checkOr(
      services,
      pageOr(showNetworkPage(services, { read: readConnectionsQuery }), showConnections(services)),
    ),
    post: inviteColleague(services, 201),
  },
  '/atom/connection.do': {
    get: showConnection(services),
    post: inviteColleague(services, 200),
    put: rewriteConnection(services),
    delete: removeConnection(services),
  },
  '/atom/connectionsInCommon.do': {
    get: pageOr(showNetworkPage(services, { read: readInCommonQuery }), showInCommon(services)),
  },
  '/admin/atom/connections.do': { put: completeConnection(services), delete: removeConnections(services) },
  '/atom/profile.do': { get: showProfiles(services) },
  '/atom/profileEntry.do': { get: showProfileEntry(services) },
  '/atom/profileService.do': { get: showProfileService(services) },
  '/atom/profileType.do': { get: showProfileType(services) },
  '/atom/search.do': { get: pageOr(showSearchPage(services), showSearch(services)) },
  '/atom/reportingChain.do': { get: showChain(services) },
  '/atom/peopleManaged.do': { get: showManaged(services) },
  '/vcard/profile.do': { get: sendVcard(services) },
  '/photo.do': { get: sendPhoto(services) },
  '/html/profileView.do': { get: showPersonPage(services) },
  '/html/appPasswords.do': { get: showAppPasswords(services), post: makeByForm(services) },
  '/html/password.do': { get: showPasswordPage(services), post: changePasswordByForm(services) },
  '/html/revoke.do': { post: revokeByForm(services) },
  '/html/picture.do': { get: showPicture(services) },
  '/html/signIn.do': { get: showSignInPage, post: signInByForm(services) },
  '/html/signOut.do': { post: signOutByForm(services) },
  '/html/invite.do': { post: inviteByForm(services) },
  '/html/accept.do': { post: acceptByForm(services) },
  '/html/remove.do': { post: removeByForm(services) },
  '/': { get: redirectHome },
  '/html/icon.svg': { get: sendAsset(icon) },
  '/html/style.css': { get: sendAsset(style) },
  '/html/script.js': { get: sendAsset(script) },
})

/** Answers as long as the process turns. */
const live: RequestHandler = (_request, response) => {
  response.setHeader('Cache-Control', 'no-store')
  response.type('text/plain').end('live\n')
}

/** Answers 200 while the database answers within a second and the server is not stopping, else 503. */
function ready({ db }: Pick<Context, 'db'>, isStopping: () => boolean): RequestHandler {
  return async (_request, response) => {
    const isReady = !isStopping() && (await isAlive(db, 1000))
    response.setHeader('Cache-Control', 'no-store')
    response
      .status(isReady ? 200 : 503)
      .type('text/plain')
      .end(isReady ? 'ready\n' : 'not ready\n')
  }
}
