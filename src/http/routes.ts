import type { RequestHandler } from 'express'
import type { Context } from '../context.js'
import { isAlive } from '../db/open.js'
import { icon, script, style } from '../pages/links.js'
import { changePasswordByForm, makeByForm, revokeByForm, showAppPasswords, showPasswordPage } from './pages/account.js'
import { leadHome, sendAsset } from './pages/page.js'
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
import type { Door } from './services.js'

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
export const routesOf = (door: Door, isStopping: () => boolean): Readonly<Record<string, Methods>> => ({
  '/live': { get: live },
  '/ready': { get: ready(door, isStopping) },
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
