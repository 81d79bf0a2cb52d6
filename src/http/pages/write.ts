import type { Request, RequestHandler, Response } from 'express'
import { invite } from '../../connections/invite.js'
import { remove } from '../../connections/remove.js'
import { signedIn } from '../../connections/rules.js'
import type { Done } from '../../pages/texts.js'
import type { Account } from '../../people/account.js'
import { accept } from '../../sharing/accept.js'
import type { HttpServices } from '../services.js'
import { type Form, idIn, redirect, messageIn, nextOf, readForm } from './page.js'

/** POST of `/html/invite.do`: invites the person with this key, with a message. */
export const inviteByForm = (services: HttpServices): RequestHandler =>
  byForm(services, async (caller, form) => {
    await invite(services, caller, { by: 'key', value: idIn(form, 'key') }, messageIn(form))
    return 'invited'
  })

/** POST of `/html/accept.do`: accepts an invitation; its message stays. */
export const acceptByForm = (services: HttpServices): RequestHandler =>
  byForm(services, async (caller, form) => {
    await accept(services, caller, idIn(form, 'connectionId'), undefined, () => {})
    return 'accepted'
  })

/** POST of `/html/remove.do`: declines, withdraws or removes, whichever it is by then. */
export const removeByForm = (services: HttpServices): RequestHandler =>
  byForm(services, (caller, form) => remove(services, caller, idIn(form, 'connectionId'), () => {}))

/** Does what a form asks, and leads on to a page that says so; a reload of that does nothing again. */
function byForm(services: HttpServices, act: (caller: Account, form: Form) => Promise<Done>): RequestHandler {
  return async (request: Request, response: Response) => {
    const caller = signedIn(await services.identify(request))
    const form = readForm(request)
    const done = await act(caller, form)
    const next = nextOf(form)
    redirect(response, `${next}${next.includes('?') ? '&' : '?'}done=${done}`)
  }
}
