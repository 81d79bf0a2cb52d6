import type { Request, RequestHandler, Response } from 'express'
import type { Account } from '../../people/account.js'
import { invite } from '../../connections/invite.js'
import { remove } from '../../connections/remove.js'
import { rewrite } from '../../sharing/accept.js'
import { signedIn } from '../../connections/rules.js'
import type { Done } from '../../pages/texts.js'
import type { Door } from '../services.js'
import { type Form, idIn, leadTo, messageIn, nextOf, readForm } from './page.js'

/** POST of `/html/invite.do`: invites the person with this key, with a message. */
export const inviteByForm = (door: Door): RequestHandler =>
  byForm(door, async (caller, form) => {
    await invite(door, caller, { by: 'key', value: idIn(form, 'key') }, messageIn(form))
    return 'invited'
  })

/** POST of `/html/accept.do`: accepts an invitation; its message stays. */
export const acceptByForm = (door: Door): RequestHandler =>
  byForm(door, async (caller, form) => {
    await rewrite(door, caller, idIn(form, 'connectionId'), { status: 'accepted' }, () => {})
    return 'accepted'
  })

/** POST of `/html/remove.do`: declines, withdraws or removes, whichever it is by then. */
export const removeByForm = (door: Door): RequestHandler =>
  byForm(door, (caller, form) => remove(door, caller, idIn(form, 'connectionId'), () => {}))

/** Does what a form asks, and leads on to a page that says so; a reload of that does nothing again. */
function byForm(door: Door, act: (caller: Account, form: Form) => Promise<Done>): RequestHandler {
  return async (request: Request, response: Response) => {
    const caller = signedIn(await door.identify(request))
    const form = readForm(request)
    const done = await act(caller, form)
    const next = nextOf(form)
    leadTo(response, `${next}${next.includes('?') ? '&' : '?'}done=${done}`)
  }
}
