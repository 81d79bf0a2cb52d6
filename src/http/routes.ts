import type { RequestHandler } from 'express'
import { icon, script, style } from '../pages/assets.js'
import { completeConnection, removeConnections } from './administer.js'
import { checkOr, removeConnection, rewriteConnection, showConnection } from './connection.js'
import { showConnections } from './connections.js'
import type { Door } from './door.js'
import { live, ready } from './health.js'
import { showInCommon } from './in-common.js'
import { inviteColleague } from './invite.js'
import { pageOr } from './negotiate.js'
import { sendPhoto } from './photo.js'
import { showProfileEntry } from './profile-entry.js'
import { showProfileService } from './profile-service.js'
import { showProfileType } from './profile-type.js'
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
import { showSearch } from './search.js'
import { sendVcard } from './vcard.js'

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
