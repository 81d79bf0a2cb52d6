/** Families of faults: the name of the kind, and its HTTP status (docs/module.md, Faults). */
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

/** The faults of options of one form, with one message. */
const ofOptions = <Names extends string>(names: readonly Names[], message: string) =>
  Object.fromEntries(names.map((name) => [`invalidArgument.${name}`, message])) as Record<
    `invalidArgument.${Names}`,
    string
  >

/** The faults of the `connections` module, with their messages. */
const messages = {
  'accessDenied.notLoggedIn': 'Sign in first: this needs an account.',
  'accessDenied.connectionRequiresVerification': 'The account has to be verified first.',
  'accessDenied.connectionsDisabled': 'Objects of this type take no connections.',
  'accessDenied.shareAccess': 'This needs share access (level 5) to the context.',
  'accessDenied.shareRoles': 'The caller may only give roles that the caller has here.',
  'accessDenied.connection': 'The caller may not see or change this connection.',
  'accessDenied.autoConnectionRequiresAccess': 'Connecting an account at once needs more access to that account.',
  'accessDenied.scope': 'The caller’s scope does not allow this.',
  'accessDenied.unspecified': 'The caller may not see this.',
  'invalidArgument.object': 'There is no such type of object.',
  'invalidArgument.connectionTarget': 'This target cannot be connected.',
  'invalidArgument.noConnectionTargets': 'At least one target is needed.',
  'invalidArgument.autoConnectionRequiresId': 'A target that is connected at once has to be named by its _id.',
  'invalidArgument.requireConnectionAccept': 'Connections to this type of object have to be accepted; see forceAuto.',
  'invalidArgument.noConnectionApp': 'No app key is known; pass connectionAppKey.',
  'invalidArgument.connectionToken': 'The token is unknown, used, expired, or not for the caller.',
  'invalidArgument.access': 'This is not a level of access.',
  'invalidArgument.grant': 'This is not a level of access.',
  'invalidArgument.roles': 'There is no such role here.',
  'invalidArgument.usesRemaining': 'A link can be used 1 to 1,000,000 times.',
  'invalidArgument.name': 'The name of a target has a first and a last part, each a text of at most 200 characters.',
  'invalidArgument.connectionAppKey': 'An app key is a text.',
  ...ofOptions(['paths', 'include', 'expand', 'objects'], 'This option takes texts.'),
  ...ofOptions(
    [
      ...(['skipAcl', 'forceAuto', 'auto', 'skipNotification', 'skipNotifications', 'forceAllowConnections'] as const),
      ...(['skipAccountTest', 'includeToken', 'includeUrl', 'includeKey'] as const),
    ],
    'This option is true or false.',
  ),
  'invalidArgument.query': 'The query cannot be understood.',
  'invalidArgument.unspecified': 'An argument is wrong.',
  'notFound.instance': 'There is no such object.',
  'notFound.account': 'There is no such account.',
  'notFound.unspecified': 'There is nothing with this name.',
  'conflict.connectionExists': 'This target has a connection already.',
  'tooLarge.connectionTargets': 'At most 100 targets can be connected in one call.',
  'tooLarge.unspecified': 'The request is too large.',
  'throttled.connectionInvitations': 'Too many invitations; try again later.',
  'throttled.unspecified': 'Too many requests; try again later.',
  'unsupportedOperation.unspecified': 'This operation is not supported.',
  'error.unspecified': 'The server failed.',
} as const satisfies Record<`${Family}.${string}`, string>

export type FaultName = keyof typeof messages

export const faultNames = Object.keys(messages) as readonly FaultName[]

export const isFaultName = (name: string): name is FaultName => Object.hasOwn(messages, name)

/** The name of a target of `create` in its fault. */
export interface FaultTarget {
  readonly _id?: string
  readonly email?: string
}

interface RefusalDetails {
  /** The name or the value of the wrong argument. */
  readonly path?: string
  /** The reason, and the expected value. */
  readonly reason?: string
  /** The target that `create` could not connect. */
  readonly target?: FaultTarget
}

/** A refusal by the rules of the module. Its doors answer with the `Fault` of this name. */
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
  /** In place of the family's status if the same call may succeed later. */
  readonly status?: 503
  /** The unexpected error behind the fault; only the program sees it. */
  readonly cause?: unknown
}

/**
 * The failure of a call of the `connections` module (docs/module.md, Faults). `errCode` is its name; the message never
 * holds another person's data. Only the doors make faults: the API of the module, and HTTP.
 */
export class Fault extends Error {
  readonly object = 'fault'
  override readonly name = 'error'
  readonly code: (typeof families)[Family]['code']
  readonly errCode: `cortex.${FaultName}`
  /** As an HTTP status. */
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
