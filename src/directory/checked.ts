import type { z } from 'zod'
import { Failure } from '../errors.js'

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
