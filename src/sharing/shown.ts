/** Names an object, and says where it is. */
export interface Reference {
  readonly _id: string
  readonly object: string
  /** `/<plural>/<id>`, the id percent-encoded */
  readonly path: string
  /** What an expanded reference holds besides. */
  readonly [property: string]: unknown
}

/** Whom a connection is for. */
export interface ConnectionTarget {
  readonly account?: Reference
  /** Only where it was made by address. */
  readonly email?: string
  readonly name?: { readonly first: string | null; readonly last: string | null }
}

/** A connection as its reader may see it (docs/module.md, The connection object). */
export interface Connection {
  readonly _id: string
  readonly object: 'connection'
  /** 0 is pending, 1 active. */
  readonly state: 0 | 1
  readonly context: Reference
  readonly contextSource: null
  readonly creator: Reference
  readonly created: Date
  readonly updated: Date
  /** Absent on links. */
  readonly target?: ConnectionTarget
  readonly access: number
  readonly roles: readonly string[]
  /** While pending, for the target; of a link, for its creator and readers who have its level and roles already. */
  readonly token?: string
  readonly expiresAt?: Date
  readonly usesRemaining?: number
  /** Where the token leads; on request. */
  readonly url?: string
  /** On request. */
  readonly appKey?: string
}

/** What `list` resolves to: the connections, which also serialise as an envelope. */
export type ConnectionList<Item = Connection> = Item[] & {
  readonly object: 'list'
  readonly data: Item[]
  readonly hasMore: boolean
}

/** An array that is an envelope too (docs/module.md, list). */
export function listOf<Item>(items: readonly Item[], hasMore: boolean): ConnectionList<Item> {
  const list = [...items]
  const envelope = { object: { value: 'list' }, data: { value: list }, hasMore: { value: hasMore } }
  const toJSON = { value: () => ({ object: 'list', data: [...list], hasMore }) }
  return Object.defineProperties(list, { ...envelope, toJSON }) as ConnectionList<Item>
}

/** How much of connections is shown. */
export interface Showing {
  /** Names of references: `context`, `creator`, `target.account`. */
  readonly expand: ReadonlySet<string>
  /** Paths of optional properties of the context to show, such as `extra` or `extra.a`. */
  readonly optional: ReadonlySet<string>
  /** Whether the caller may see whatever there is of a connection. */
  readonly skipAcl: boolean
  readonly includeToken: boolean
  readonly includeUrl: boolean
  readonly includeKey: boolean
  /** Whether the tokens of links that others made are left out, though the caller may see them one by one. */
  readonly ownTokens: boolean
  /** Whether the connection was named by its token, which lets its bearer see what it grants. */
  readonly isHolder: boolean
}

const expandable = ['context', 'creator', 'target.account']

/** Nothing but what is always shown. */
export const plainly: Showing = {
  expand: new Set(),
  optional: new Set(),
  skipAcl: false,
  includeToken: false,
  includeUrl: false,
  includeKey: false,
  ownTokens: false,
  isHolder: false,
}

/** How much is shown by options: what is included is expanded too, where it can be. */
export function showingOf(
  asked: {
    readonly expand: readonly string[]
    readonly include: readonly string[]
    readonly includeToken?: boolean
    readonly includeUrl?: boolean
    readonly includeKey?: boolean
  },
  rights: Pick<Showing, 'skipAcl' | 'isHolder'> & Partial<Pick<Showing, 'ownTokens'>>,
): Showing {
  const { include } = asked
  const expanded = expandable.filter((name) =>
    [...asked.expand, ...include].some((path) => path === name || path.startsWith(`${name}.`)),
  )
  const ofContext = include.filter((path) => path.startsWith('context.')).map((path) => path.slice('context.'.length))
  return {
    ownTokens: false,
    ...rights,
    expand: new Set(expanded),
    optional: new Set(ofContext),
    includeToken: asked.includeToken || include.includes('token'),
    includeUrl: asked.includeUrl || include.includes('url'),
    includeKey: asked.includeKey || include.includes('appKey'),
  }
}
