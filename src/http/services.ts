import { createHmac } from 'node:crypto'
import { type AtomWriter, atomWriter } from '../atom/writer.js'
import type { Context } from '../context.js'
import { authorization, identifier } from '../identity/authenticate.js'
import type { Client, Credentials, Identity } from '../identity/identity.js'
import { passwordSignIn } from '../identity/password-sign-in.js'
import {
  changePassword,
  openSessions,
  type PasswordChange,
  sessionIdentity,
  signIn,
  signOut,
} from '../identity/session.js'
import type { Account } from '../people/account.js'
import { type Presenter, presenterFor } from '../people/hide-email.js'
import { openQuotas, type Quotas } from './caller.js'
import { openPages } from './fast/pages.js'
import { type Load, openLoad, openLoopDelay } from './load.js'
import { openRequestLog, type RequestLog } from './log.js'
import type { KeptPages } from './response/send.js'

/** The services that all handlers share. */
export interface HttpServices extends Context {
  /** Determines how people are shown, and whether e-mail addresses are hidden. */
  readonly presenter: Presenter
  /** Writes every document, with links under the public base URL. */
  readonly atom: AtomWriter
  /** Identifies the sender of a request by any kind of credential (`identity/authenticate.ts`). */
  readonly identify: (client: Client) => Promise<Identity | null>
  readonly quotas: Quotas
  readonly load: Load
  /** The cache of rendered pages; absent if `FAST` is `off` or `KEEP_MB` is 0. */
  readonly pages?: KeptPages
  readonly requestLog: RequestLog
  readonly sessionOf: ReturnType<typeof openSessions>
  /** Actions of browser sessions (`identity/session.ts`). */
  readonly signIn: (client: Client, credentials: Credentials) => Promise<Account>
  readonly signOut: (client: Client, scope: 'this' | 'all') => Promise<Account | undefined>
  readonly changePassword: (client: Client, change: PasswordChange) => Promise<void>
}

/** Creates the services, once for each server. */
export function openServices(context: Context): HttpServices {
  const { HIDE_EMAIL, MAX_DELAY_MS, FAST, KEEP_MB } = context.config
  const check = passwordSignIn(context)
  const presenter = presenterFor(HIDE_EMAIL)
  return {
    ...context,
    release: secretRelease(context),
    presenter,
    atom: atomWriter(context.baseUrl, presenter),
    identify: identifier([authorization(context, check), (client) => sessionIdentity(context, client)]),
    quotas: openQuotas(context),
    load: openLoad(context.loopDelay ?? openLoopDelay(), MAX_DELAY_MS),
    ...(FAST === 'on' && KEEP_MB > 0 && { pages: openPages(KEEP_MB * 1024 * 1024) }),
    requestLog: openRequestLog(context.log, context.config, context.stop),
    sessionOf: openSessions(context),
    signIn: (client, credentials) => signIn(context, check, client, credentials),
    signOut: (client, scope) => signOut(context, client, scope),
    changePassword: (client, change) => changePassword(context, check, client, change),
  }
}

/**
 * A secret that is part of every entity tag. A tag may depend on data that its answer does not show, such as a hidden
 * address. Without the secret, a client could compute a tag to verify a guess. `HIDE_EMAIL` is included because it
 * changes answers.
 */
const secretRelease = ({ release, sessionKeys: [key = ''], config: { HIDE_EMAIL } }: Context): string =>
  createHmac('sha256', key).update(`entity tags ${release} ${HIDE_EMAIL}`).digest('base64url')
