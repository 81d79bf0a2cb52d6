import type { Status } from '../db/tables.js'
import type { Account, PersonRef } from '../people/account.js'

export type { Status }

export const statuses = ['accepted', 'pending', 'unconfirmed'] as const satisfies readonly Status[]

/** How one person, the owner, sees a connection with another, the peer: one Atom entry. */
export interface Colleague {
  /** Id of this view; the peer's view of the same connection has another. */
  readonly id: string
  /** Id of the connection that both views are of. */
  readonly connectionId: string
  readonly status: Status
  readonly owner: Account
  readonly peer: Account
  readonly inviter: Account
  readonly changedBy: Account
  /** HTML as it was sent; shown by way of `message.ts`. */
  readonly message: string
  readonly updated: Date
}

/** A connection between two accounts, seen from neither side. */
export interface Relationship {
  readonly connectionId: string
  readonly inviterId: string
  readonly invitedId: string
  readonly isAccepted: boolean
}

/** The access of colleagues to each other's accounts, unless an invitation offers more. */
export const asColleagues = { access: 2, roles: [] as string[] }

/** The connection that a colleague row is a view of. */
export const relationshipOf = ({ connectionId, status, inviter, owner, peer }: Colleague): Relationship => ({
  connectionId,
  inviterId: inviter.id,
  invitedId: inviter.id === owner.id ? peer.id : owner.id,
  isAccepted: status === 'accepted',
})

/** One list of one person. */
export interface List {
  readonly ownerId: string
  readonly status: Status
}

/** The two lists in which a relationship stands, of the inviter and of the invited. */
export const listsOf = ({ inviterId, invitedId, isAccepted }: Omit<Relationship, 'connectionId'>): [List, List] => [
  { ownerId: inviterId, status: isAccepted ? 'accepted' : 'unconfirmed' },
  { ownerId: invitedId, status: isAccepted ? 'accepted' : 'pending' },
]

/** A list that gets so many entries more, or less. */
export type Move = List & { readonly by: number }

/** What happens to lists when a relationship becomes another; undefined is none. */
export const movesBetween = (before: Relationship | undefined, after: Relationship | undefined): Move[] => [
  ...(before ? listsOf(before).map((list) => ({ ...list, by: -1 })) : []),
  ...(after ? listsOf(after).map((list) => ({ ...list, by: 1 })) : []),
]

/** Tells whether a list is still what it was. */
interface Version {
  /** Grows with every visible change, so that equal versions show equal lists. */
  readonly version: number
  /** When the list last changed. */
  readonly changed: Date
}

/** One list of one owner: what is known of it without reading it. */
export interface Network extends Version {
  readonly ownerId: string
  /** The owner's invitations to answer; where they were asked for, and by the owner. */
  readonly waiting?: Version
  /** The colleagues of the person with whom the list is compared. */
  readonly other?: Version & { readonly ownerId: string }
}

/** Order of a list: by peers' names or by last change; equal ones by id. */
export interface Order {
  readonly by: 'name' | 'change'
  readonly descending: boolean
}

/** The place just after or before an entry of an ordered list, in the terms of that order. */
export type Position = { readonly direction: 'after' | 'before'; readonly id: string } & (
  { readonly name: string } | { readonly change: Date }
)

/** Which list, and which part of it. */
export interface ListRequest {
  /** Whose list; undefined for the caller's own. */
  readonly person: PersonRef | undefined
  readonly status: Status
  /** Only entries whose peer is a colleague of this person too. */
  readonly inCommonWith: PersonRef | undefined
  /** Only what changed later than this. */
  readonly since: Date | undefined
  readonly order: Order
  /** From 1. Counts only where there is no position. */
  readonly page: number
  readonly pageSize: number
  readonly position: Position | undefined
  /** Whether the owner wants to know how many invitations wait. */
  readonly countPending: boolean
}

export interface Page {
  readonly network: Network
  readonly owner: Account
  /** How many entries the whole list has. */
  readonly total: number
  /** How many invitations wait for the owner; as `network.waiting`. */
  readonly waitingTotal?: number
  readonly colleagues: readonly Colleague[]
  /** Where the list goes on before and after this page; absent where it does not. */
  readonly previous: Position | undefined
  readonly next: Position | undefined
  /** Ids of entries that had to be left out because their peer's account is missing. */
  readonly orphans: readonly string[]
}

/** One connection between two accounts, as a document shows it from its source's side. */
export interface ShownConnection {
  /** Id of the source's row. */
  readonly id: string
  /** Id of the target's row, where the document knows it. */
  readonly targetRowId?: string
  /** User ids of the two people. */
  readonly source: string
  readonly target: string
  /** As the source sees it. */
  readonly status: Status
  readonly inviter: 'source' | 'target'
  readonly changedBy: 'source' | 'target'
  /** Absent where the document does not show messages. */
  readonly message?: string
  readonly updated: Date
}
