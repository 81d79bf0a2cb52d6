import { z } from 'zod'
import { levelOf } from '../connections/grants/levels.js'
import { timeOf } from '../connections/query/values.js'
import { Fault } from '../faults.js'

/** `null` is as good as nothing in every option. */
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null)
const texts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? [])

/** What is kept: the database takes no NUL, and a letter no line break in a name. */
const kept = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has characters that are no text')
const keptText = kept.nullish().transform((value) => value ?? null)

/** One text, or several. */
const oneOrMore = z
  .union([kept, z.array(kept)])
  .nullish()
  .transform((value) => (value == null ? [] : typeof value === 'string' ? [value] : value))

const level = z.unknown().optional().transform(levelOf)

const date = z.unknown().transform((value, context) => {
  const time = timeOf(value)
  if (time !== undefined) return time
  context.addIssue('A date is a Date, milliseconds, or ISO 8601 with a zone; of the years 1000 to 9999.')
  return z.NEVER
})

/** A thousand years: what ends later has no date. */
const mostMs = 1000 * 365 * 86_400_000

const clamped = (least: number, most: number, fallback: number) =>
  z
    .number()
    .nullish()
    .transform((value) => Math.min(most, Math.max(least, Math.trunc(value ?? fallback))))

const projection = { paths: texts, include: texts, expand: texts }

export const applyOptions = z.object({ skipAcl: flag })

export const deleteOptions = z.object({ skipAcl: flag })

export const createOptions = z.object({
  skipAcl: flag,
  forceAuto: flag,
  skipNotification: flag,
  skipNotifications: flag,
  connectionAppKey: text,
  forceAllowConnections: flag,
})

export const linkOptions = z.object({
  skipAcl: flag,
  expiresInMs: z.number().int().min(0).max(mostMs).nullish(),
  expiresAt: date.nullish(),
  usesRemaining: z
    .number()
    .int()
    .nullish()
    .transform((value) => (value == null ? null : Math.min(1_000_000, Math.max(1, value)))),
  connectionAppKey: text,
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
  skip: z
    .number()
    .int()
    .max(10_000)
    .nullish()
    .transform((value) => Math.max(0, value ?? 0)),
  limit: clamped(1, 1000, 100),
  where: z.unknown().optional(),
  map: z.unknown().optional(),
  sort: z.unknown().optional(),
  group: z.unknown().optional(),
  /** The reference has it; it is refused, not ignored. */
  pipeline: z.unknown().optional(),
  skipAcl: flag,
  show: z.enum(['creator', 'target', 'context']).nullish(),
  state: z.union([z.literal(0), z.literal(1)]).nullish(),
  objects: oneOrMore,
  startingAfter: z.uuid().nullish(),
  endingBefore: z.uuid().nullish(),
})

export const target = z.object({
  // What is no id or no address is a fault of the target, not of the option.
  _id: z.unknown().optional(),
  email: z.unknown().optional(),
  access: level,
  roles: oneOrMore,
  name: z.object({ first: keptText, last: keptText }).nullish(),
  auto: flag,
  object: text,
})

/**
 * Reads options; those that are not known are dropped (reference connections-module.md, section 1).
 *
 * @throws Fault `invalidArgument.unspecified` naming the option that has a wrong type
 */
export function readOptionsAs<Schema extends z.ZodType>(schema: Schema, options: unknown): z.infer<Schema> {
  const read = schema.safeParse(options ?? {})
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new Fault('invalidArgument.unspecified', {
    path: issue?.path.join('.') || 'options',
    ...(issue && { reason: issue.message }),
  })
}
