import { z } from 'zod'
import { maxMessageLength, messageLength } from '../atom/content.js'
import { isXmlText } from '../atom/template.js'
import { Failure } from '../errors.js'
import { type TextField, textFieldNames } from '../people/fields.js'

const invalidForXml = 'contains a character that XML forbids, such as a control character'

/** Text without characters that XML forbids. */
const text = (maxLength: number) =>
  z.string().max(maxLength, `longer than ${maxLength} characters`).refine(isXmlText, invalidForXml)

/** An identifier, such as a user id or login: one line, possibly empty. In Unicode NFC, as sign-ins are. */
export const identifier = text(256)
  .trim()
  .normalize('NFC')
  .refine((value) => !/\p{Cc}/u.test(value), 'contains a control character')

export const name = text(256).trim()

/** A message as HTML, its stored form. In the maximum length, a character reference counts as one character. */
export const message = z
  .string()
  .refine((html) => messageLength(html) <= maxMessageLength, `longer than ${maxMessageLength} characters`)
  .refine(isXmlText, invalidForXml)

export const nonEmpty = <Text extends z.ZodString>(schema: Text) => schema.min(1, 'empty')

/** Accepts any UUID, since old servers created UUIDs without a standard version. */
export const uuid = z.guid('not a UUID').toLowerCase()

const fieldText = text(65_536)

export const profile = z.strictObject({
  ...(Object.fromEntries(textFieldNames.map((field) => [field, fieldText.optional()])) as Record<
    TextField,
    z.ZodOptional<typeof fieldText>
  >),
  tags: z.array(nonEmpty(fieldText)).optional(),
  isManager: z.boolean().nullable().optional(),
  extensions: z
    .array(z.strictObject({ id: fieldText, key: fieldText, value: fieldText, dataType: fieldText }))
    .optional(),
})

export const roles = z.array(nonEmpty(identifier))
export const state = z.enum(['active', 'inactive'])

const clockSkew = 3_600_000

/**
 * A date that is not in the future, apart from clock skew. A future date would count as newer than all changes until
 * then.
 */
export const past = z.date().refine((date) => date.getTime() <= Date.now() + clockSkew, 'a date in the future')

/**
 * Validates a value.
 *
 * @throws Failure `invalid` with the path inside the value and the first reason
 */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value, { error: ({ input }) => (input === undefined ? 'missing' : undefined) })
  if (result.success) return result.data
  const { path, message } = result.error.issues[0] as z.core.$ZodIssue
  throw new Failure('invalid', path.length === 0 ? message : `${path.join('.')}: ${message}`)
}
