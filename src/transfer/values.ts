import { z } from 'zod'
import { maxMessageLength, messageLength } from '../atom/content.js'
import { isXmlText } from '../atom/template.js'
import { Failure } from '../errors.js'
import { type TextField, textFieldNames } from '../people/fields.js'

const unfit = 'holds a character that XML cannot carry, such as a control character'

/** Text as we keep it: what XML can carry, no longer than that. */
const text = (most: number) => z.string().max(most, `longer than ${most} characters`).refine(isXmlText, unfit)

/** Text of one line by which people are told apart, in the Unicode form in which sign-ins arrive; may be empty. */
export const identifier = text(256)
  .trim()
  .normalize('NFC')
  .refine((value) => !/\p{Cc}/u.test(value), 'holds a control character')

export const name = text(256).trim()

/** A message as it is kept: HTML, which has no more characters than what was written. */
export const message = z
  .string()
  .refine((html) => messageLength(html) <= maxMessageLength, `longer than ${maxMessageLength} characters`)
  .refine(isXmlText, unfit)

export const filled = <Text extends z.ZodString>(schema: Text) => schema.min(1, 'empty')

/** A UUID of any kind: servers of old made some that no standard knows. */
export const uuid = z.guid('not a UUID').toLowerCase()

const fieldText = text(65_536)

export const profile = z.strictObject({
  ...(Object.fromEntries(textFieldNames.map((field) => [field, fieldText.optional()])) as Record<
    TextField,
    z.ZodOptional<typeof fieldText>
  >),
  tags: z.array(filled(fieldText)).optional(),
  isManager: z.boolean().nullable().optional(),
  extensions: z
    .array(z.strictObject({ id: fieldText, key: fieldText, value: fieldText, dataType: fieldText }))
    .optional(),
})

export const roles = z.array(filled(identifier))
export const state = z.enum(['active', 'inactive'])

const clockSkew = 3_600_000

/** A list that is dated ahead would hide every change until that date has come. */
export const past = z
  .date()
  .refine((date) => date.getTime() <= Date.now() + clockSkew, 'a date that lies in the future')

/**
 * Gives back a value in the form that a schema describes.
 *
 * @throws Failure `invalid` with the place inside the value and the first reason
 */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value, { error: ({ input }) => (input === undefined ? 'missing' : undefined) })
  if (result.success) return result.data
  const { path, message } = result.error.issues[0] as z.core.$ZodIssue
  throw new Failure('invalid', path.length === 0 ? message : `${path.join('.')}: ${message}`)
}
