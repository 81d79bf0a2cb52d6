import { textOfMessage } from '../connections/message.js'
import type { Status } from '../db/tables.js'
import { isMailAddress } from '../formats.js'
import { type Place, urlOf } from '../sharing/context.js'
import type { Grant } from '../sharing/grant.js'

/** What people get a letter for (`connections/transaction-store.ts`). */
export const kinds = ['invited', 'accepted', 'offered', 'connected'] as const

export type Kind = (typeof kinds)[number]

type State = 'active' | 'inactive'

/** A connection that a letter would tell of, and how its people are, at this moment. */
export interface EmailSnapshot extends Grant {
  /** These are null where the recipient has no account. */
  readonly recipientName: string | null
  readonly recipientEmail: string | null
  readonly recipientState: State | null
  readonly isVerified: boolean | null
  /** How the recipient sees a connection between two accounts; null of any other. */
  readonly status: Status | null
  readonly message: string | null
  /** The other person: the account that is the context, or else whoever made the connection. Null where gone. */
  readonly personId: string | null
  readonly personName: string | null
  readonly personKey: string | null
  readonly personState: State | null
  /** Where the app of the connection has its pages. */
  readonly appBase: string | null
}

/** All that a letter tells. */
export interface EmailContent {
  /** Between two accounts, or of something else that is offered or given. */
  readonly news: 'invited' | 'accepted' | 'joined' | 'offered' | 'connected'
  readonly recipient: {
    /** Null where nobody said. */
    readonly name: string | null
    readonly address: string
    readonly hasAccount: boolean
  }
  readonly person: { readonly id: string; readonly name: string; readonly key: string }
  /** What the person wrote, as plain text; empty where nothing. */
  readonly message: string
  /** The name of what is offered; null where the recipient may not know it. */
  readonly title: string | null
  /** Where the token leads that the recipient applies it with; null where there is none to give away. */
  readonly url: string | null
  /** False where there is one to give away, but its secret is not known here. */
  readonly isWhole: boolean
  /** Where whoever signs in sees it. */
  readonly page: string
}

/**
 * What there is to tell, if anything still: much may have happened since the letter was put down.
 *
 * @param recipientId null for whoever has the address that the connection is for
 * @param place what links are made of
 * @returns a text where no letter is needed: why
 */
export function contentOf(
  { kind, recipientId, title }: { kind: Kind; recipientId: string | null; title: string | null },
  situation: EmailSnapshot | undefined,
  place: Place & { readonly baseUrl: string },
): EmailContent | string {
  if (!situation || !isStillSo(kind, situation)) return 'it is not so any more'
  const { recipientState, personId, personName, personKey, personState, message, object, appBase } = situation
  const hasAccount = recipientId !== null
  if (recipientState === 'inactive' || (hasAccount && recipientState === null)) return 'the recipient is not active'
  const address = hasAccount ? situation.recipientEmail : situation.targetEmail
  if (address === null || !isMailAddress(address)) return 'the recipient has no e-mail address'
  if (personId === null || personName === null || personKey === null) return 'the other person is gone'
  if (personState !== 'active') return 'the other person is not active'
  const news = object !== 'account' ? kind : kind === 'offered' ? 'invited' : kind === 'connected' ? 'joined' : kind
  const hasToken = situation.tokenKey !== null && mayHaveToken(kind, hasAccount, situation)
  const url = hasToken ? urlOf(place, situation, appBase ?? undefined) : null
  return {
    news,
    recipient: { name: hasAccount ? situation.recipientName : givenName(situation), address, hasAccount },
    person: { id: personId, name: personName, key: personKey },
    message: news === 'invited' ? textOfMessage(message ?? '') : '',
    title,
    url,
    isWhole: !hasToken || url !== null,
    page: appBase ?? `${place.baseUrl}/v2/connections/${situation.id}`,
  }
}

/**
 * A token lets its bearer look at what is offered: it goes to no address that may be somebody else's. Two accounts need
 * none here, where who is invited has a list to accept from.
 */
const mayHaveToken = (kind: Kind, hasAccount: boolean, { isVerified, appBase }: EmailSnapshot): boolean =>
  kind === 'invited' ? Boolean(isVerified) && appBase !== null : !hasAccount || Boolean(isVerified)

function isStillSo(kind: Kind, { status, state }: EmailSnapshot): boolean {
  if (kind === 'invited') return status === 'pending'
  if (kind === 'accepted') return status === 'accepted'
  return state === (kind === 'offered' ? 'pending' : 'active')
}

/** As whoever invites calls somebody. */
const givenName = ({ targetFirst, targetLast }: Grant): string | null =>
  [targetFirst, targetLast].filter(Boolean).join(' ').trim() || null
