import { z } from 'zod'
import { Fault, isFaultName } from '../faults.js'
import { actions } from './access.js'
import { levelNames, levels, readLevel } from './object-types.js'
import { timeOf } from './query/conditions.js'
import { isNamesAndValues } from './query/document.js'

/** `null` is as good as nothing in every option. */
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)

/** Each is looked for in every connection that is shown. */
const maxPaths = 100

const texts = z
  .array(z.string())
  .max(maxPaths)
  .nullish()
  .transform((value) => value ?? [])

/** What is kept: the database takes no NUL, and a letter no line break in a name. */
const storableText = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has characters that are no text')

const partOfName = storableText
  .refine((name) => Array.from(name).length <= 200, 'has more than 200 characters')
  .nullish()
  .transform((value) => value ?? null)

const appKey = storableText.nullish().transform((value) => value ?? null)

/** One text, or several. */
const oneOrMore = z.preprocess(
  (value) => (value == null ? [] : Array.isArray(value) ? (value as unknown[]) : [value]),
  z.array(storableText),
)

/** A number, also as a string of digits. An object is none; a promise would not even be looked at. */
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
  context.addIssue('A date is a Date, milliseconds, or ISO 8601 with a zone; of the years 1000 to 9999.')
  return z.NEVER
})

/** A thousand years: what ends later has no date. */
const maxMs = 1000 * 365 * 86_400_000

const clamped = (least: number, most: number, fallback: number) =>
  number(z.number()).transform((value) => Math.min(most, Math.max(least, Math.trunc(value ?? fallback))))

const projection = { paths: texts, include: texts, expand: texts }

/** Of a caller, which the program gives: a typing error must not let anybody do more. */
export const privileges = z.object({
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
  // These say who the target is: `readTarget` judges them.
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
 * Reads options; unknown ones are dropped (docs/module.md, Calling).
 *
 * @param within where the options stand, for the path of a fault; empty for those of a call
 * @throws Fault `invalidArgument.<option>`, or `invalidArgument.unspecified` if the option has no fault of its own,
 *   with the path of what is wrong, such as `targets[3].roles[0]`
 */
export function readOptionsAs<Schema extends z.ZodType>(
  schema: Schema,
  options: unknown,
  within = '',
): z.infer<Schema> {
  // A Map or a promise would count as if nothing had been asked for.
  if (options != null && !isNamesAndValues(options)) {
    const reason = 'Options are an object of names and values.'
    throw new Fault('invalidArgument.unspecified', { path: within || 'options', reason })
  }
  const read = schema.safeParse(options ?? {})
  if (read.success) return read.data
  const { path = [], message = '' } = read.error.issues[0] ?? {}
  const name = `invalidArgument.${String(path[0])}`
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  throw new Fault(isFaultName(name) ? name : 'invalidArgument.unspecified', {
    path: within === '' ? steps.slice(1) : within + steps,
    reason: message,
  })
}
