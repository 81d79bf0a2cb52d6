import { v7 as newId } from 'uuid'
import { signedIn } from '../../connections/rules.js'
import { Failure } from '../../errors.js'
import { listAppPasswords, makeAppPasswordOnce, revokeAppPassword } from '../../identity/app-password.js'
import { passwordLengths } from '../../identity/password.js'
import { appPasswordsPage, lifetimes, passwordPage } from '../../pages/account.js'
import { to } from '../../pages/links.js'
import { texts } from '../../pages/texts.js'
import type { Account } from '../../people/account.js'
import { type Answer, type Handler, redirect } from '../answer.js'
import { admit } from '../caller.js'
import type { Exchange } from '../exchange.js'
import { logEvent, logRefusal } from '../log.js'
import { naming, yesOrNo } from '../request/parameters.js'
import type { HttpServices } from '../services.js'
import { type Form, frameFor, idIn, pageFields, readForm, unstoredPage } from './page.js'
import { formChallenge } from './sign-in.js'

/** GET and HEAD of `/html/appPasswords.do`: the app passwords of the caller. */
export function showAppPasswords(services: HttpServices): Handler {
  return async (exchange) => appPasswordsAnswer(services, exchange, await owner(services, exchange))
}

/**
 * POST of `/html/appPasswords.do`: creates an app password, and shows its secret once. The form contains the id of the
 * new app password, so that submitting it again on a reload does not create a second one.
 */
export function makeByForm(services: HttpServices): Handler {
  return async (exchange) => {
    const caller = await owner(services, exchange)
    const form = readForm(exchange)
    const mayWrite = yesOrNo('write', form('write'))
    const made = await makeAppPasswordOnce(services.db, caller.id, idIn(form, 'form'), {
      name: form('name') ?? '',
      scopes: mayWrite ? ['read', 'write'] : ['read'],
      expiresAt: expiryIn(form, services.now()),
    })
    if (!made) return redirect(`${to.appPasswords}?done=madeAlready`)
    logEvent(services.log, exchange, 'app password made', { appPassword: made.id })
    return appPasswordsAnswer(services, exchange, caller, made)
  }
}

/** POST of `/html/revoke.do`: revokes an app password. */
export function revokeByForm(services: HttpServices): Handler {
  return async (exchange) => {
    const caller = await owner(services, exchange)
    const id = idIn(readForm(exchange), 'id')
    await revokeAppPassword(services.db, caller.id, id)
    logEvent(services.log, exchange, 'app password revoked', { appPassword: id })
    return redirect(`${to.appPasswords}?done=revoked`)
  }
}

/** A page that may show a secret does not send its URL to any other page (docs/trust.md, L3). */
const secretFields = { ...pageFields, 'Referrer-Policy': 'no-referrer' }

/** The signed-in caller. An app password lacks the right `account`, so it cannot create another app password. */
const owner = async (services: HttpServices, exchange: Exchange): Promise<Account> =>
  signedIn(await admit(services, exchange, 'account'))

const day = 86_400_000

/** Reads the expiry date from a form; null for no expiry. @throws Failure `invalid`, naming the field */
function expiryIn(form: Form, now: Date): Date | null {
  const days = lifetimes.find((each) => each === (form('days') ?? ''))
  if (days === undefined) {
    throw new Failure('invalid', `${naming('days')} must be one of ${lifetimes.filter(Boolean).join(', ')}, or empty.`)
  }
  return days === '' ? null : new Date(now.getTime() + Number(days) * day)
}

async function appPasswordsAnswer(
  services: HttpServices,
  exchange: Exchange,
  caller: Account,
  made?: { name: string; secret: string },
): Promise<Answer> {
  const frame = await frameFor(services, exchange, caller)
  const passwords = await listAppPasswords(services.db, caller.id)
  const page = appPasswordsPage({ ...frame, passwords, made, form: newId(), signInName: caller.userId })
  return unstoredPage(page, secretFields)
}

/** GET and HEAD of `/html/password.do`: shows the form for a new password. */
export function showPasswordPage(services: HttpServices): Handler {
  return async (exchange) => passwordAnswer(services, exchange, await inSession(services, exchange))
}

/** POST of `/html/password.do`: changes the password, or shows the form again with the reason. */
export function changePasswordByForm(services: HttpServices): Handler {
  return async (exchange) => {
    const caller = await inSession(services, exchange)
    const form = readForm(exchange)
    const [present = '', fresh = '', again = ''] = [form('present'), form('fresh'), form('again')]
    const refuse = async (status: 400 | 401, sentence: string) => ({
      ...(await passwordAnswer(services, exchange, caller, sentence)),
      status,
    })
    if (fresh !== again) return refuse(400, texts.notTheSame)
    try {
      await services.changePassword(exchange.client, { present, fresh })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (error.code === 'invalid') return refuse(400, error.message)
      if (error.code !== 'unauthenticated') throw error
      logRefusal(services.log, exchange, 401, error)
      const refusal = await refuse(401, texts.notPresent)
      return { ...refusal, fields: { ...refusal.fields, ...formChallenge } }
    }
    logEvent(services.log, exchange, 'password changed', { account: caller.id })
    return redirect(`${to.password}?done=passwordChanged`)
  }
}

/**
 * The caller, signed in by a browser session. A client that uses Basic would keep sending the old password.
 *
 * @throws Failure `forbidden` for any other credential, and as `admit`
 */
async function inSession(services: HttpServices, exchange: Exchange): Promise<Account> {
  const caller = await owner(services, exchange)
  if (exchange.headers.authorization === undefined) return caller
  throw new Failure('forbidden', 'A password can be changed only in a signed-in browser.')
}

async function passwordAnswer(
  services: HttpServices,
  exchange: Exchange,
  caller: Account,
  refusal?: string,
): Promise<Answer> {
  const frame = await frameFor(services, exchange, caller)
  return unstoredPage(passwordPage({ ...frame, refusal, lengths: passwordLengths, signInName: caller.userId }))
}
