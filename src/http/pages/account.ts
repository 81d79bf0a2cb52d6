import type { Request, RequestHandler, Response } from 'express'
import { v7 as newId } from 'uuid'
import { signedIn } from '../../connections/rules.js'
import { Failure } from '../../errors.js'
import { listAppPasswords, makeAppPasswordOnce, revokeAppPassword } from '../../identity/app-password.js'
import { passwordLengths } from '../../identity/password.js'
import { appPasswordsPage, lifetimes, passwordPage } from '../../pages/account.js'
import { to } from '../../pages/links.js'
import { texts } from '../../pages/texts.js'
import type { Account } from '../../people/account.js'
import { logEvent, logRefusal } from '../log.js'
import { naming, yesOrNo } from '../request/parameters.js'
import type { HttpServices } from '../services.js'
import { type Form, frameFor, idIn, redirect, pageFields, readForm, sendUnstoredPage } from './page.js'
import { challengeByForm } from './sign-in.js'

/** GET and HEAD of `/html/appPasswords.do`: the app passwords that a person has. */
export function showAppPasswords(services: HttpServices): RequestHandler {
  return async (request, response) => sendAppPasswords(services, request, response, await inPerson(services, request))
}

/**
 * POST of `/html/appPasswords.do`: makes one. Its secret is on the answer's page, and nowhere else ever after. The page came
 * with the id of what it makes, so that the same form, sent again by a reload, makes no other.
 */
export function makeByForm(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const caller = await inPerson(services, request)
    const form = readForm(request)
    const mayWrite = yesOrNo('write', form('write'))
    const made = await makeAppPasswordOnce(services.db, caller.id, idIn(form, 'form'), {
      name: form('name') ?? '',
      scopes: mayWrite ? ['read', 'write'] : ['read'],
      expiresAt: endIn(form, services.now()),
    })
    if (!made) return redirect(response, `${to.appPasswords}?done=madeAlready`)
    logEvent(services.log, request, 'app password made', { appPassword: made.id })
    await sendAppPasswords(services, request, response, caller, made)
  }
}

/** POST of `/html/revoke.do`: ends one. */
export function revokeByForm(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const caller = await inPerson(services, request)
    const id = idIn(readForm(request), 'id')
    await revokeAppPassword(services.db, caller.id, id)
    logEvent(services.log, request, 'app password revoked', { appPassword: id })
    redirect(response, `${to.appPasswords}?done=revoked`)
  }
}

/** What a page with a secret is fetched by, no other address is told (docs/trust.md, L3). */
const fields = { ...pageFields, 'Referrer-Policy': 'no-referrer' }

/** An app password gives nobody another one. */
const inPerson = async (services: HttpServices, request: Request): Promise<Account> =>
  signedIn(await services.identify(request, 'account'))

const day = 86_400_000

/** When it ends; null for never. @throws Failure `invalid`, naming the field */
function endIn(form: Form, now: Date): Date | null {
  const days = lifetimes.find((each) => each === (form('days') ?? ''))
  if (days === undefined) {
    throw new Failure('invalid', `${naming('days')} must be one of ${lifetimes.filter(Boolean).join(', ')}, or empty.`)
  }
  return days === '' ? null : new Date(now.getTime() + Number(days) * day)
}

async function sendAppPasswords(
  services: HttpServices,
  request: Request,
  response: Response,
  caller: Account,
  made?: { name: string; secret: string },
): Promise<void> {
  const frame = await frameFor(services, request, caller)
  const passwords = await listAppPasswords(services.db, caller.id)
  const page = appPasswordsPage({ ...frame, passwords, made, form: newId(), signInName: caller.userId })
  sendUnstoredPage(response, page, fields)
}

/** GET and HEAD of `/html/password.do`: asks for the present password and another. */
export function showPasswordPage(services: HttpServices): RequestHandler {
  return async (request, response) => sendPasswordPage(services, request, response, await inSession(services, request))
}

/** POST of `/html/password.do`: changes the password, or says why not and asks again. */
export function changePasswordByForm(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const caller = await inSession(services, request)
    const form = readForm(request)
    const [present = '', fresh = '', again = ''] = [form('present'), form('fresh'), form('again')]
    const refuse = (status: 400 | 401, sentence: string) => {
      response.status(status)
      return sendPasswordPage(services, request, response, caller, sentence)
    }
    if (fresh !== again) return refuse(400, texts.notTheSame)
    try {
      await services.changePassword(request, { present, fresh })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (error.code === 'invalid') return refuse(400, error.message)
      if (error.code !== 'unauthenticated') throw error
      logRefusal(services.log, request, 401, error)
      challengeByForm(response)
      return refuse(401, texts.notPresent)
    }
    logEvent(services.log, request, 'password changed', { account: caller.id })
    redirect(response, `${to.password}?done=passwordChanged`)
  }
}

/**
 * The person whose session it is. What sends a password with every request would go on with the old one.
 *
 * @throws Failure `forbidden` for whoever comes without one
 */
async function inSession(services: HttpServices, request: Request): Promise<Account> {
  const caller = signedIn(await services.identify(request, 'account'))
  if (request.headers.authorization === undefined) return caller
  throw new Failure('forbidden', 'A password is changed in a browser that is signed in, and by no other credential.')
}

async function sendPasswordPage(
  services: HttpServices,
  request: Request,
  response: Response,
  caller: Account,
  refusal?: string,
): Promise<void> {
  const frame = await frameFor(services, request, caller)
  sendUnstoredPage(response, passwordPage({ ...frame, refusal, lengths: passwordLengths, signInName: caller.userId }))
}
