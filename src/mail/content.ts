import { textOfMessage } from '../connections/message.js'
import type { Status } from '../db/tables.js'
import { isMailAddress } from '../formats.js'
import { type Place, urlOf } from '../sharing/context.js'
import type { Grant } from '../sharing/grant.js'

/** The kinds of e-mail in the outbox (`connections/transaction-store.ts`). */
export const kinds = ['invited', 'accepted', 'offered', 'connected'] as const

export type Kind = (typeof kinds)[number]

type State = 'active' | 'inactive'

/** The current state of a connection and its people, for an e-mail. */
export interface EmailSnapshot extends Grant {
  /** This and the next three are null if the recipient has no account. */
  readonly recipientName: string | null
  readonly recipientEmail: string | null
  readonly recipientState: State | null
  readonly isVerified: boolean | null
  /** The recipient's status in a connection between two accounts; null for other connections. */
  readonly status: Status | null
  readonly message: string | null
  /** The other person: the colleague, else the account that is the context, else the creator. Null after deletion. */
  readonly personId: string | null
  readonly personName: string | null
  readonly personKey: string | null
  readonly personState: State | null
  /** Base URL of the connection's app. */
  readonly appBase: string | null
}

export interface EmailContent {
  /** The first three concern two accounts, the others a shared object. */
  readonly event: 'invited' | 'accepted' | 'joined' | 'offered' | 'connected'
  readonly recipient: {
    /** Null if unknown. */
    readonly name: string | null
    readonly address: string
    readonly hasAccount: boolean
  }
  readonly person: { readonly id: string; readonly name: string; readonly key: string }
  /** The person's message as plain text; may be empty. */
  readonly message: string
  /** The object's title; null if there is none, or the recipient may not see it. */
  readonly title: string | null
  /** The link that applies the token; null if the recipient gets no token, or this server lacks its secret. */
  readonly url: string | null
  /** False if the recipient should get a token, but this server lacks its secret. */
  readonly isComplete: boolean
  /** The app's base URL, or else the URL of the connection. For signed-in users. */
  readonly page: string
}

/**
 * Derives the content of an e-mail from the current state, which may have changed since the e-mail was queued.
 *
 * @param recipientId null if the e-mail goes to the connection's address
 * @param place the base of links
 * @returns the content; or the reason as a string, if the e-mail is no longer needed
 */
export function contentOf(
  { kind, recipientId, title }: { kind: Kind; recipientId: string | null; title: string | null },
  snapshot: EmailSnapshot | undefined,
  place: Place & { readonly baseUrl: string },
): EmailContent | string {
  if (!snapshot || !isCurrent(kind, snapshot)) return 'the connection has changed'
  const { recipientState, personId, personName, personKey, personState, message, object, appBase } = snapshot
  const hasAccount = recipientId !== null
  if (recipientState === 'inactive' || (hasAccount && recipientState === null)) return 'the recipient is not active'
  const address = hasAccount ? snapshot.recipientEmail : snapshot.targetEmail
  if (address === null || !isMailAddress(address)) return 'the recipient has no e-mail address'
  if (personId === null || personName === null || personKey === null) return 'the other person was deleted'
  if (personState !== 'active') return 'the other person is not active'
  const event = object !== 'account' ? kind : kind === 'offered' ? 'invited' : kind === 'connected' ? 'joined' : kind
  const hasToken = snapshot.tokenKey !== null && mayHaveToken(kind, hasAccount, snapshot)
  const url = hasToken ? urlOf(place, snapshot, appBase ?? undefined) : null
  return {
    event,
    recipient: { name: hasAccount ? snapshot.recipientName : givenName(snapshot), address, hasAccount },
    person: { id: personId, name: personName, key: personKey },
    message: event === 'invited' ? textOfMessage(message ?? '') : '',
    title,
    url,
    isComplete: !hasToken || url !== null,
    page: appBase ?? `${place.baseUrl}/v2/connections/${snapshot.id}`,
  }
}

function isCurrent(kind: Kind, { status, state }: EmailSnapshot): boolean {
  if (kind === 'invited') return status === 'pending'
  if (kind === 'accepted') return status === 'accepted'
  return state === (kind === 'offered' ? 'pending' : 'active')
}

/**
 * The bearer of a token can see the shared object, so an account gets a token only at a verified address. Invited
 * colleagues accept in their list of invitations; they need a token only for the pages of an app.
 */
const mayHaveToken = (kind: Kind, hasAccount: boolean, { isVerified, appBase }: EmailSnapshot): boolean =>
  kind === 'invited' ? Boolean(isVerified) && appBase !== null : !hasAccount || Boolean(isVerified)

/** The recipient's name, as entered by the inviter. */
const givenName = ({ targetFirst, targetLast }: Grant): string | null =>
  [targetFirst, targetLast].filter(Boolean).join(' ').trim() || null
