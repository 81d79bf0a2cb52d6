import type { Request } from 'express'
import { replacePassword } from '../accounts/sign-in-store.js'
import type { Context } from '../context.js'
import { refused } from './identity.js'
import { hashPassword } from './password.js'
import type { PasswordSignIn } from './password-sign-in.js'
import type { Sessions } from './session.js'
import { endSessions } from './session-store.js'

/** What somebody types who changes a password. */
export interface PasswordChange {
  readonly present: string
  readonly fresh: string
}

/**
 * Gives the person whose session a request names another password. All their sessions are over then, and this one goes on
 * under a new id (trust, A8 and A9); app passwords stay.
 *
 * @param check whose name and password these are, as at the sign-in, so that guesses count together
 * @throws Failure `unauthenticated` where there is no session, or the present password is not right or somebody changed it
 *   meanwhile, `invalid` where the fresh one can be no password, and what the check throws
 */
export async function changePassword(
  { db, sessions, check }: Pick<Context, 'db'> & { readonly sessions: Sessions; readonly check: PasswordSignIn },
  request: Request,
  { present, fresh }: PasswordChange,
): Promise<void> {
  const who = await sessions.signedInOf(request)
  if (!who) throw refused('no session')
  await check({ user: who.account.userId, password: present }, request.ip ?? '')
  const credentialId = await replacePassword(db, who.credentialId, await hashPassword(fresh))
  if (credentialId === undefined) throw refused('password that is gone', who.account.id)
  await endSessions(db, who.credentialId)
  await sessions.open(request, { account: who.account, credentialId })
}
