import type { RequestHandler, Response } from 'express'
import { Failure } from '../../errors.js'
import { signInPage, type SignInPage } from '../../pages/account.js'
import { to } from '../../pages/links.js'
import { logEvent, logRefusal } from '../log.js'
import { readParameters, valueOf, yesOrNo } from '../request/parameters.js'
import { type HttpServices, searchOf } from '../services.js'
import { doneIn, redirect, nextOf, readForm, sendUnstoredPage } from './page.js'

/** As long as any address may be. */
const maxPlaceLength = 4096

/** GET and HEAD of `/html/signIn.do`: asks for user name and password; `next` is the page that it leads to. */
export const showSignInPage: RequestHandler = (request, response) => {
  const parameters = readParameters(searchOf(request), maxPlaceLength)
  const value = (name: string) => valueOf(parameters, name)
  sendSignInPage(response, { next: nextOf(value), done: doneIn(value) })
}

/** POST of `/html/signIn.do`: opens a session and leads on, or asks again, in the same words whatever was not right; the name stays. */
export function signInByForm(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const form = readForm(request)
    const next = nextOf(form)
    const credentials = { user: (form('user') ?? '').normalize('NFC'), password: form('password') ?? '' }
    try {
      const { id: account } = await services.sessions.begin(request, credentials)
      logEvent(services.log, request, 'signed in', { account })
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'unauthenticated')) throw error
      logRefusal(services.log, request, 401, error)
      response.status(401)
      challengeByForm(response)
      return sendSignInPage(response, { next, wrong: form('user') ?? '' })
    }
    redirect(response, next)
  }
}

/** POST of `/html/signOut.do`: ends the session; with `everywhere=true` those in other browsers too. */
export function signOutByForm(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const form = readForm(request)
    const which = yesOrNo('everywhere', form('everywhere')) ? 'all' : 'this'
    const who = await services.sessions.end(request, which)
    if (who) logEvent(services.log, request, 'signed out', { account: who.id, sessions: which })
    redirect(response, `${to.signIn}?done=signedOut`)
  }
}

/**
 * Names the challenge that RFC 9110 asks for, section 15.5.2, where a form is it. Of one that it does not know a browser makes
 * no dialog of its own.
 */
export const challengeByForm = (response: Response): void =>
  void response.setHeader('WWW-Authenticate', 'Form realm="connections"')

function sendSignInPage(response: Response, page: SignInPage): void {
  sendUnstoredPage(response, signInPage(page))
}
