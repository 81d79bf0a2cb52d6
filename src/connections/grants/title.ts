import { type Access, mayRead } from './access.js'
import type { Instance, ObjectType } from './object-type.js'

const longest = 200

/**
 * The name of an object, for somebody who has this access to it: one line, without what the database cannot keep.
 *
 * @returns undefined where its type names none, or not for everybody who has that
 */
export function titleOf({ title, properties }: ObjectType, object: Instance, access: Access): string | undefined {
  const property = title === null ? undefined : properties[title]
  if (title === null || !property || !mayRead(property, access)) return undefined
  const value = object[title]
  if (typeof value !== 'string') return undefined
  const line = value
    .slice(0, longest)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return line || undefined
}
