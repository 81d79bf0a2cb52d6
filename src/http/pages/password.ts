import type { Request, RequestHandler, Response } from 'express'
import type { Account } from '../../accounts/account.js'
import { passwordLengths } from '../../auth/password.js'
import { signedIn } from '../../connections/rules.js'
import { Failure } from '../../errors.js'
import { passwordPage } from '../../pages/password-page.js'
import { texts } from '../../pages/texts.js'
import { to } from '../../pages/to.js'
import type { Door } from '../door.js'
import { note } from '../note.js'
import { noteRefusal } from '../refusal.js'
import { frameFor, sendUnstoredPage } from './answer-page.js'
import { readForm } from './form.js'
import { leadTo } from './lead.js'
import { challengeByForm } from './sign-in.js'

/** GET and HEAD of `/html/password.do`: asks for the present password and another. */
export function showPasswordPage(door: Door): RequestHandler {
  return async (request, response) => sendPasswordPage(door, request, response, await inSession(door, request))
}

/** POST of `/html/password.do`: changes the password, or says why not and asks again. */
export function changePasswordByForm(door: Door): RequestHandler {
  return async (request, response) => {
    const caller = await inSession(door, request)
    const form = readForm(request)
    const [present = '', fresh = '', again = ''] = [form('present'), form('fresh'), form('again')]
    const refuse = (status: 400 | 401, sentence: string) => {
      response.status(status)
      return sendPasswordPage(door, request, response, caller, sentence)
    }
    if (fresh !== again) return refuse(400, texts.notTheSame)
    try {
      await door.changePassword(request, { present, fresh })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (error.code === 'invalid') return refuse(400, error.message)
      if (error.code !== 'unauthenticated') throw error
      noteRefusal(door.log, request, 401, error)
      challengeByForm(response)
      return refuse(401, texts.notPresent)
    }
    note(door.log, request, 'password changed', { account: caller.id })
    leadTo(response, `${to.password}?done=passwordChanged`)
  }
}

/**
 * The person whose session it is. What sends a password with every request would go on with the old one.
 *
 * @throws Failure `forbidden` for whoever comes without one
 */
async function inSession(door: Door, request: Request): Promise<Account> {
  const caller = signedIn(await door.identify(request, 'account'))
  if (request.headers.authorization === undefined) return caller
  throw new Failure('forbidden', 'A password is changed in a browser that is signed in, and by no other credential.')
}

async function sendPasswordPage(
  door: Door,
  request: Request,
  response: Response,
  caller: Account,
  refusal?: string,
): Promise<void> {
  const frame = await frameFor(door, request, caller)
  sendUnstoredPage(response, passwordPage({ ...frame, refusal, lengths: passwordLengths, signInName: caller.userId }))
}
