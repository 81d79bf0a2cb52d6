import type { Status } from '../db/tables.js'
import type { Account, Person, PersonRef } from '../people/account.js'

export type { Status }

export const statuses = ['accepted', 'pending', 'unconfirmed'] as const satisfies readonly Status[]

/** One person's view of a connection: how the owner sees the peer. Feeds show it as one Atom entry. */
export interface Colleague<Shown extends Person = Account> {
  /** Id of this view. The peer's view has a different one. */
  readonly id: string
  /** Id of the connection, common to both views. */
  readonly connectionId: string
  readonly status: Status
  readonly owner: Shown
  readonly peer: Shown
  readonly inviter: Shown
  readonly changedBy: Shown
  /** HTML as sent. Clean it with `message.ts` before display. */
  readonly message: string
  readonly updated: Date
}

/** Makes a view from its stored values: the inviter and the last person to change it are the owner or the peer. */
export const viewOf = <Shown extends Person>(
  stored: Pick<Colleague, 'id' | 'connectionId' | 'status' | 'message'> & {
    readonly inviterId: string
    readonly changedBy: string
    /** Or its milliseconds. */
    readonly updated: Date | number
  },
  owner: Shown,
  peer: Shown,
): Colleague<Shown> => ({
  id: stored.id,
  connectionId: stored.connectionId,
  status: stored.status,
  owner,
  peer,
  inviter: stored.inviterId === owner.id ? owner : peer,
  changedBy: stored.changedBy === owner.id ? owner : peer,
  message: stored.message,
  updated: new Date(stored.updated),
})

/** A connection between two accounts, independent of a view. */
export interface Relationship {
  readonly connectionId: string
  readonly inviterId: string
  readonly invitedId: string
  readonly isAccepted: boolean
}

/** The mutual access of colleagues, unless an invitation offers more. */
export const asColleagues = { access: 2, roles: [] as string[] }

/** The connection of a view. */
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

/** The two lists that contain this relationship: the inviter's, then the invited person's. */
export const listsOf = ({ inviterId, invitedId, isAccepted }: Omit<Relationship, 'connectionId'>): [List, List] => [
  { ownerId: inviterId, status: isAccepted ? 'accepted' : 'unconfirmed' },
  { ownerId: invitedId, status: isAccepted ? 'accepted' : 'pending' },
]

/** A change of a list's length. */
export type Move = List & { readonly by: number }

/**
 * The list changes that result from a change of a relationship. Undefined means that the relationship does not exist.
 */
export const movesBetween = (before: Relationship | undefined, after: Relationship | undefined): Move[] => [
  ...(before ? listsOf(before).map((list) => ({ ...list, by: -1 })) : []),
  ...(after ? listsOf(after).map((list) => ({ ...list, by: 1 })) : []),
]

/** The version of a list, for HTTP validators. */
interface Version {
  /** Increases with every visible change. */
  readonly version: number
  /** Last change of the list. */
  readonly changed: Date
}

/** The state of one list, without its entries. */
export interface Network extends Version {
  readonly ownerId: string
  /** The version of the owner's list of pending invitations, if requested by the owner. */
  readonly waiting?: Version
  /** The list of the second person, for common colleagues. */
  readonly other?: Version & { readonly ownerId: string }
}

/** List order: by the peers' names or by last change, then by id. */
export interface Order {
  readonly by: 'name' | 'change'
  readonly descending: boolean
}

/** A cursor: the position directly after or before an entry. */
export type Position = { readonly direction: 'after' | 'before'; readonly id: string } & (
  { readonly name: string } | { readonly change: Date }
)

/** A request for one page of a list. */
export interface ListRequest {
  /** The owner; undefined for the caller. */
  readonly person: PersonRef | undefined
  readonly status: Status
  /** Only entries with a peer who is also a colleague of this person. */
  readonly inCommonWith: PersonRef | undefined
  /** Only entries that changed after this time. */
  readonly since: Date | undefined
  readonly order: Order
  /** Starts at 1. Ignored with `position`. */
  readonly page: number
  readonly pageSize: number
  readonly position: Position | undefined
  /** Whether to include the owner's number of pending invitations. */
  readonly countPending: boolean
}

export interface Page<Shown extends Person = Account> {
  readonly network: Network
  readonly owner: Shown
  /** Number of entries on all pages. */
  readonly total: number
  /** Number of the owner's pending invitations. */
  readonly waitingTotal?: number
  readonly colleagues: readonly Colleague<Shown>[]
  /** Cursors of the neighbouring pages, if any. */
  readonly previous: Position | undefined
  readonly next: Position | undefined
  /** Ids of skipped entries: the account of their peer is missing. */
  readonly orphans: readonly string[]
}

/** A connection in a document, as seen by the source. */
export interface ShownConnection {
  /** Id of the source's row. */
  readonly id: string
  /** Id of the target's row, if known. */
  readonly targetRowId?: string
  /** User ids of the two people. */
  readonly source: string
  readonly target: string
  /** The source's view of the status. */
  readonly status: Status
  readonly inviter: 'source' | 'target'
  readonly changedBy: 'source' | 'target'
  /** Absent if the document has no messages. */
  readonly message?: string
  readonly updated: Date
}
