import { z } from 'zod'
import { nearest } from '../config-names.js'
import { isFaultName, Refusal } from '../faults.js'
import { actions } from './access.js'
import { levelNames, levels, readLevel } from './object-types.js'
import { timeOf } from './query/conditions.js'
import { isNamesAndValues } from './query/document.js'

/** A boolean option, false by default. Like every option, it may be `null`. */
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)

/** Limited, since each path is looked up in every shown connection. */
const maxPaths = 100

const texts = z
  .array(z.string())
  .max(maxPaths)
  .nullish()
  .transform((value) => value ?? [])

/** Text without control characters: names are used in e-mails, and Postgres rejects NUL. */
const storableText = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has control characters or unpaired surrogates')

const partOfName = storableText
  .refine((name) => Array.from(name).length <= 200, 'has more than 200 characters')
  .nullish()
  .transform((value) => value ?? null)

const appKey = storableText.nullish().transform((value) => value ?? null)

/** A string, or an array of strings. */
const oneOrMore = z.preprocess(
  (value) => (value == null ? [] : Array.isArray(value) ? (value as unknown[]) : [value]),
  z.array(storableText),
)

/** A number, or a string of digits. Rejects objects here, since zod would await a promise. */
const number = (schema: z.ZodType<number>) =>
  z.preprocess((value) => {
    if (typeof value === 'object' && value !== null) return NaN
    return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  }, schema.nullish())

const level = z
  .unknown()
  .optional()
  .transform((value, context) => {
    const read = readLevel(value ?? levels.none)
    if (read !== undefined) return read
    context.addIssue(levelNames)
    return z.NEVER
  })

const date = z.unknown().transform((value, context) => {
  const time = timeOf(value)
  if (time !== undefined) return time
  context.addIssue('A date must be a Date, milliseconds, or ISO 8601 with a time zone, in the years 1000 to 9999.')
  return z.NEVER
})

/** A thousand years. A much larger number would not result in a valid date. */
const maxMs = 1000 * 365 * 86_400_000

const clamped = (least: number, most: number, fallback: number) =>
  number(z.number()).transform((value) => Math.min(most, Math.max(least, Math.trunc(value ?? fallback))))

const projection = { paths: texts, include: texts, expand: texts }

const privileges = z.object({
  skipAcl: flag,
  grant: level,
  scope: z
    .array(z.enum(actions))
    .nullish()
    .transform((value) => value ?? null),
})

export const applyOptions = z.object({ skipAcl: flag })

export const deleteOptions = z.object({ skipAcl: flag })

export const createOptions = z.object({
  skipAcl: flag,
  forceAuto: flag,
  skipNotification: flag,
  skipNotifications: flag,
  connectionAppKey: appKey,
  forceAllowConnections: flag,
})

export const linkOptions = z.object({
  skipAcl: flag,
  expiresInMs: number(z.number().int().min(0).max(maxMs)),
  expiresAt: date.nullish(),
  usesRemaining: number(z.number().int().min(1).max(1_000_000)).transform((value) => value ?? null),
  connectionAppKey: appKey,
  forceAllowConnections: flag,
  roles: oneOrMore,
})

export const readOptions = z.object({
  ...projection,
  skipAcl: flag,
  skipAccountTest: flag,
  includeToken: flag,
  includeUrl: flag,
  includeKey: flag,
})

export const listOptions = z.object({
  ...projection,
  skip: number(z.number().int().max(10_000)).transform((value) => Math.max(0, value ?? 0)),
  limit: clamped(1, 1000, 100),
  where: z.unknown().optional(),
  map: z.unknown().optional(),
  sort: z.unknown().optional(),
  group: z.unknown().optional(),
  /** Refused, not ignored (docs/module.md, list). */
  pipeline: z.unknown().optional(),
  skipAcl: flag,
  show: z.enum(['creator', 'target', 'context']).nullish(),
  state: number(z.union([z.literal(0), z.literal(1)])),
  objects: oneOrMore,
  startingAfter: z.uuid().nullish(),
  endingBefore: z.uuid().nullish(),
})

export const target = z.object({
  // `parseTarget` validates these three properties.
  _id: z.unknown().optional(),
  email: z.unknown().optional(),
  object: z.unknown().optional(),
  access: level,
  roles: oneOrMore,
  name: z
    .custom<object>(isNamesAndValues)
    .pipe(z.object({ first: partOfName, last: partOfName }))
    .nullish(),
  auto: z.boolean().nullish(),
})

/**
 * Reads options, and ignores unknown ones (docs/module.md, Calling).
 *
 * @param within place of the options, for faults; empty for the options of a call
 * @throws Refusal `invalidArgument.<option>`, or `invalidArgument.unspecified` if the option has no fault of its own.
 *   The path of the fault is the place of the option, such as `targets[3].roles[0]`
 */
export function readOptionsAs<Schema extends z.ZodType>(
  schema: Schema,
  options: unknown,
  within = '',
): z.infer<Schema> {
  // A Map or a promise would be read as empty options.
  if (options != null && !isNamesAndValues(options)) {
    const reason = 'Options must be a plain object.'
    throw new Refusal('invalidArgument.unspecified', { path: within || 'options', reason })
  }
  const read = schema.safeParse(options ?? {})
  if (read.success) return read.data
  const { path = [], message = '' } = read.error.issues[0] ?? {}
  const name = `invalidArgument.${String(path[0])}`
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  throw new Refusal(isFaultName(name) ? name : 'invalidArgument.unspecified', {
    path: within === '' ? steps.slice(1) : within + steps,
    reason: message,
  })
}

const privilegeNames = [...Object.keys(privileges.shape), 'appKey', 'requestId']

/**
 * Reads the privileges that a program gives a caller. Unknown names are refused, since a misspelt `scope` would not
 * limit the caller.
 *
 * @throws Refusal as `readOptionsAs`, and `invalidArgument.unspecified` for an unknown name
 */
export function readPrivileges(caller: object): z.infer<typeof privileges> {
  const unknown = Object.keys(caller).find((name) => name !== 'accountId' && !privilegeNames.includes(name))
  if (unknown === undefined) return readOptionsAs(privileges, caller)
  const right = nearest(unknown, privilegeNames)
  const hint = right === undefined ? `The privileges are ${privilegeNames.join(', ')}.` : `Did you mean ${right}?`
  throw new Refusal('invalidArgument.unspecified', { path: unknown, reason: `${unknown} is not a privilege. ${hint}` })
}

/** Selects the parts of connections to show. */
export interface Showing {
  /** References to expand: `context`, `creator`, `target.account`. */
  readonly expand: ReadonlySet<string>
  /** Paths of optional properties of the context, such as `extra` or `extra.a`. */
  readonly optional: ReadonlySet<string>
  readonly skipAcl: boolean
  readonly includeToken: boolean
  readonly includeUrl: boolean
  readonly includeKey: boolean
  /** Whether to hide the tokens of links created by others, even those that the caller may see. */
  readonly ownTokens: boolean
  /** Whether the caller identified the connection by its token. */
  readonly isHolder: boolean
}

/** Without expanded references and optional parts. */
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

const expandable = ['context', 'creator', 'target.account']

/** Derives `Showing` from the options of a call. Included references are expanded. */
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
