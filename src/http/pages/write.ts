import { invite } from '../../connections/invite.js'
import { remove } from '../../connections/remove.js'
import { signedIn } from '../../connections/rules.js'
import type { Done } from '../../pages/texts.js'
import type { Account } from '../../people/account.js'
import { accept } from '../../sharing/accept-invitation.js'
import { type Handler, redirect } from '../answer.js'
import { admit } from '../caller.js'
import type { HttpServices } from '../services.js'
import { type Form, idIn, messageIn, nextOf, readForm } from './page.js'

/** POST of `/html/invite.do`: invites the person with this key, with a message. */
export const inviteByForm = (services: HttpServices): Handler =>
  byForm(services, async (caller, form) => {
    await invite(services, caller, { by: 'key', value: idIn(form, 'key') }, messageIn(form))
    return 'invited'
  })

/** POST of `/html/accept.do`: accepts an invitation, without changing its message. */
export const acceptByForm = (services: HttpServices): Handler =>
  byForm(services, async (caller, form) => {
    await accept(services, caller, idIn(form, 'connectionId'), undefined, () => {})
    return 'accepted'
  })

/** POST of `/html/remove.do`: declines or withdraws an invitation, or removes a connection, depending on its state. */
export const removeByForm = (services: HttpServices): Handler =>
  byForm(services, (caller, form) => remove(services, caller, idIn(form, 'connectionId'), () => {}))

/**
 * Performs the action of a form, and redirects to a page that reports it. Reloading that page does not repeat the
 * action.
 */
function byForm(services: HttpServices, act: (caller: Account, form: Form) => Promise<Done>): Handler {
  return async (exchange) => {
    const caller = signedIn(await admit(services, exchange))
    const form = readForm(exchange)
    const done = await act(caller, form)
    const next = nextOf(form)
    return redirect(`${next}${next.includes('?') ? '&' : '?'}done=${done}`)
  }
}
