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
