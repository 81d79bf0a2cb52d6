import { isMailAddress } from '../config.js'
import type { Status } from '../db/tables.js'

/** What people get a letter for: somebody asks them, or says yes to them. */
export const kinds = ['invited', 'accepted'] as const

export type Kind = (typeof kinds)[number]

/** How a recipient and the connection that a letter would tell of are at this moment. */
export interface Situation {
  readonly name: string
  readonly email: string | null
  readonly state: 'active' | 'inactive'
  /** How the recipient sees the connection; null where it is gone. */
  readonly status: Status | null
  readonly message: string | null
  /** The other person; null where gone. */
  readonly personName: string | null
  readonly personKey: string | null
}

/** All that a letter tells. */
export interface Occasion {
  readonly kind: Kind
  readonly recipient: { readonly name: string; readonly address: string }
  readonly person: { readonly name: string; readonly key: string }
  /** What the person wrote; empty where nothing. */
  readonly message: string
}

/**
 * What there is to tell, if anything still: much may have happened since the letter was put down.
 *
 * @returns a text where no letter is needed: why
 */
export function occasionOf(kind: Kind, situation: Situation | undefined): Occasion | string {
  if (situation?.state !== 'active') return 'the recipient is not active'
  const { name, email, status, message, personName, personKey } = situation
  if (email === null || !isMailAddress(email)) return 'the recipient has no e-mail address'
  if (status !== (kind === 'invited' ? 'pending' : 'accepted')) return 'it is not so any more'
  if (personName === null || personKey === null) return 'the other person is gone'
  return {
    kind,
    recipient: { name, address: email },
    person: { name: personName, key: personKey },
    message: kind === 'invited' ? (message ?? '') : '',
  }
}
