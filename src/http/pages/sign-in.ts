import { Failure } from '../../errors.js'
import { signInPage } from '../../pages/account.js'
import { to } from '../../pages/links.js'
import { type Handler, redirect } from '../answer.js'
import { logEvent, logRefusal } from '../log.js'
import { readParameters, valueOf, yesOrNo } from '../request/parameters.js'
import type { HttpServices } from '../services.js'
import { doneIn, nextOf, pageFields, readForm, unstoredPage } from './page.js'

/** The parameter `next` may be as long as the URL of a request. */
const maxPlaceLength = 4096

/** GET and HEAD of `/html/signIn.do`: asks for user name and password. `next` is the page to open afterwards. */
export const showSignInPage: Handler = ({ search }) => {
  const parameters = readParameters(search, maxPlaceLength)
  const value = (name: string) => valueOf(parameters, name)
  return unstoredPage(signInPage({ next: nextOf(value), done: doneIn(value) }))
}

/**
 * POST of `/html/signIn.do`: opens a session and redirects to the next page, or shows the form again. The message is
 * the same for all invalid credentials; the form keeps the user name.
 */
export function signInByForm(services: HttpServices): Handler {
  return async (exchange) => {
    const form = readForm(exchange)
    const next = nextOf(form)
    const user = form('user') ?? ''
    try {
      const credentials = { user: user.normalize('NFC'), password: form('password') ?? '' }
      const { id: account } = await services.signIn(exchange.client, credentials)
      logEvent(services.log, exchange, 'signed in', { account })
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'unauthenticated')) throw error
      logRefusal(services.log, exchange, 401, error)
      const fields = { ...pageFields, ...formChallenge }
      return { ...unstoredPage(signInPage({ next, wrong: user }), fields), status: 401 }
    }
    return redirect(next)
  }
}

/** POST of `/html/signOut.do`: ends the session, or with `everywhere=true` all sessions of the account. */
export function signOutByForm(services: HttpServices): Handler {
  return async (exchange) => {
    const form = readForm(exchange)
    const scope = yesOrNo('everywhere', form('everywhere')) ? 'all' : 'this'
    const account = await services.signOut(exchange.client, scope)
    if (account) logEvent(services.log, exchange, 'signed out', { account: account.id, sessions: scope })
    return redirect(`${to.signIn}?done=signedOut`)
  }
}

/**
 * The challenge of a 401 answer to a form; every 401 must have one (RFC 9110, section 15.5.2). `Form` is not a scheme
 * that browsers know, so they show no sign-in dialog.
 */
export const formChallenge = { 'WWW-Authenticate': 'Form realm="connections"' }
