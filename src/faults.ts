/** Families of faults, with their codes and HTTP statuses (docs/module.md, Faults). */
const families = {
  invalidArgument: { code: 'kInvalidArgument', status: 400 },
  accessDenied: { code: 'kAccessDenied', status: 403 },
  notFound: { code: 'kNotFound', status: 404 },
  conflict: { code: 'kExists', status: 409 },
  tooLarge: { code: 'kRequestTooLarge', status: 413 },
  throttled: { code: 'kThrottled', status: 429 },
  unsupportedOperation: { code: 'kUnsupportedOperation', status: 400 },
  error: { code: 'kError', status: 500 },
} as const

type Family = keyof typeof families

/** Returns one entry of `messages` for each of several options, all with the same message. */
const optionMessages = <Names extends string>(names: readonly Names[], message: string) =>
  Object.fromEntries(names.map((name) => [`invalidArgument.${name}`, message])) as Record<
    `invalidArgument.${Names}`,
    string
  >

/** All faults of the `connections` module, with their messages. */
const messages = {
  'accessDenied.notLoggedIn': 'Sign in first: an account is required.',
  'accessDenied.connectionRequiresVerification': 'The account must be verified first.',
  'accessDenied.connectionsDisabled': 'Objects of this type do not allow connections.',
  'accessDenied.shareAccess': 'Share access (level 5) to the context is required.',
  'accessDenied.shareRoles':
    'Callers may grant only roles that they have on this object. Its owner may grant any role.',
  'accessDenied.connection': 'The caller may not see or change this connection.',
  'accessDenied.autoConnectionRequiresAccess':
    'Connecting an account without an invitation requires more access to that account.',
  'accessDenied.scope': 'The caller’s scope does not allow this.',
  'accessDenied.unspecified': 'The caller may not see this.',
  'invalidArgument.object': 'There is no such object type.',
  'invalidArgument.connectionTarget': 'This target cannot be connected.',
  'invalidArgument.noConnectionTargets': 'At least one target is required.',
  'invalidArgument.autoConnectionRequiresId': 'A target to be connected without an invitation must have an _id.',
  'invalidArgument.requireConnectionAccept': 'Targets must accept connections to this object type; see forceAuto.',
  'invalidArgument.noConnectionApp': 'The app key is missing; pass connectionAppKey.',
  'invalidArgument.connectionToken': 'The token is unknown, used, expired, or for another account.',
  'invalidArgument.access': 'This is not an access level.',
  'invalidArgument.grant': 'This is not an access level.',
  'invalidArgument.roles': 'Every role must be one that the app has defined (defineRole).',
  'invalidArgument.usesRemaining': 'A link can be used 1 to 1,000,000 times.',
  'invalidArgument.name': 'The name of a target must have a first and a last part, strings of at most 200 characters.',
  'invalidArgument.connectionAppKey': 'An app key must be a string.',
  ...optionMessages(['paths', 'include', 'expand', 'objects'], 'This option must be a string or an array of strings.'),
  ...optionMessages(
    [
      ...(['skipAcl', 'forceAuto', 'auto', 'skipNotification', 'skipNotifications', 'forceAllowConnections'] as const),
      ...(['skipAccountTest', 'includeToken', 'includeUrl', 'includeKey'] as const),
    ],
    'This option must be true or false.',
  ),
  'invalidArgument.query': 'The query is malformed.',
  'invalidArgument.unspecified': 'An argument is invalid.',
  'notFound.instance': 'There is no such object.',
  'notFound.account': 'There is no such account.',
  'notFound.unspecified': 'There is nothing at this path.',
  'conflict.connectionExists': 'A connection with this target already exists.',
  'tooLarge.connectionTargets': 'At most 100 targets can be connected in one call.',
  'tooLarge.unspecified': 'The request is too large.',
  'throttled.connectionInvitations': 'Too many invitations; try again later.',
  'throttled.unspecified': 'Too many requests; try again later.',
  'unsupportedOperation.unspecified': 'This operation is not supported.',
  'error.unspecified': 'The server could not complete the request.',
} as const satisfies Record<`${Family}.${string}`, string>

export type FaultName = keyof typeof messages

export const faultNames = Object.keys(messages) as readonly FaultName[]

export const isFaultName = (name: string): name is FaultName => Object.hasOwn(messages, name)

/** Identifies a target of `create` in a fault. */
export interface FaultTarget {
  readonly _id?: string
  readonly email?: string
}

interface RefusalDetails {
  /** The invalid argument or value. */
  readonly path?: string
  /** The problem, with a valid alternative if there is one. */
  readonly reason?: string
  /** The failed target, for faults in the result of `create`. */
  readonly target?: FaultTarget
}

/**
 * A refusal by the rules of the module. The module's API and the HTTP layer convert it to the `Fault` of the same name.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'

  constructor(
    readonly code: FaultName,
    readonly details: RefusalDetails = {},
  ) {
    super(code)
  }
}

interface Details extends RefusalDetails {
  /** Replaces the family's status if a retry may succeed. */
  readonly status?: 503
  /** The underlying error; never sent to clients. */
  readonly cause?: unknown
}

/**
 * The error that a call of the `connections` module rejects with (docs/module.md, Faults). `errCode` identifies the
 * fault. The message never contains another person's data. Only the module's API and the HTTP layer create faults; the
 * rules throw refusals.
 */
export class Fault extends Error {
  readonly object = 'fault'
  override readonly name = 'error'
  readonly code: (typeof families)[Family]['code']
  readonly errCode: `cortex.${FaultName}`
  /** HTTP status. */
  readonly status: (typeof families)[Family]['status'] | 503
  readonly path: string | undefined
  readonly reason: string | undefined
  readonly target: FaultTarget | undefined

  constructor(name: FaultName, { path, reason, target, status, cause }: Details = {}) {
    super(messages[name], cause === undefined ? {} : { cause })
    const family = families[name.split('.')[0] as Family]
    this.code = family.code
    this.status = status ?? family.status
    this.errCode = `cortex.${name}`
    this.path = path
    this.reason = reason
    this.target = target
  }

  toJSON(): Record<string, unknown> {
    const { object, name, code, errCode, status, message, path, reason, target } = this
    return { object, name, code, errCode, status, message, path, reason, target }
  }
}
