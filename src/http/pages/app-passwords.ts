import type { Request, RequestHandler, Response } from 'express'
import { v7 as newId } from 'uuid'
import type { Account } from '../../accounts/account.js'
import { listAppPasswords, makeAppPasswordOnce, revokeAppPassword } from '../../auth/app-passwords.js'
import { signedIn } from '../../connections/rules.js'
import { Failure } from '../../errors.js'
import { appPasswordsPage, lifetimes } from '../../pages/app-passwords-page.js'
import { to } from '../../pages/to.js'
import type { Door } from '../door.js'
import { note } from '../note.js'
import { naming } from '../parameters.js'
import { yesOrNo } from '../values.js'
import { frameFor, pageFields, sendUnstoredPage } from './answer-page.js'
import { type Form, idIn, readForm } from './form.js'
import { leadTo } from './lead.js'

/** GET and HEAD of `/html/appPasswords.do`: the app passwords that a person has. */
export function showAppPasswords(door: Door): RequestHandler {
  return async (request, response) => sendAppPasswords(door, request, response, await inPerson(door, request))
}

/**
 * POST of `/html/appPasswords.do`: makes one. Its secret is on the answer's page, and nowhere else ever after. The page came
 * with the id of what it makes, so that the same form, sent again by a reload, makes no other.
 */
export function makeByForm(door: Door): RequestHandler {
  return async (request, response) => {
    const caller = await inPerson(door, request)
    const form = readForm(request)
    const mayWrite = yesOrNo('write', form('write'))
    const made = await makeAppPasswordOnce(door.db, caller.id, idIn(form, 'form'), {
      name: form('name') ?? '',
      scopes: mayWrite ? ['read', 'write'] : ['read'],
      expiresAt: endIn(form, door.now()),
    })
    if (!made) return leadTo(response, `${to.appPasswords}?done=madeAlready`)
    note(door.log, request, 'app password made', { appPassword: made.id })
    await sendAppPasswords(door, request, response, caller, made)
  }
}

/** POST of `/html/revoke.do`: ends one. */
export function revokeByForm(door: Door): RequestHandler {
  return async (request, response) => {
    const caller = await inPerson(door, request)
    const id = idIn(readForm(request), 'id')
    await revokeAppPassword(door.db, caller.id, id)
    note(door.log, request, 'app password revoked', { appPassword: id })
    leadTo(response, `${to.appPasswords}?done=revoked`)
  }
}

/** What a page with a secret is fetched by, no other address is told (trust, L3). */
const fields = { ...pageFields, 'Referrer-Policy': 'no-referrer' }

/** An app password gives nobody another one. */
const inPerson = async (door: Door, request: Request): Promise<Account> =>
  signedIn(await door.identify(request, 'account'))

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
  door: Door,
  request: Request,
  response: Response,
  caller: Account,
  made?: { name: string; secret: string },
): Promise<void> {
  const frame = await frameFor(door, request, caller)
  const passwords = await listAppPasswords(door.db, caller.id)
  const page = appPasswordsPage({ ...frame, passwords, made, form: newId(), signInName: caller.userId })
  sendUnstoredPage(response, page, fields)
}
