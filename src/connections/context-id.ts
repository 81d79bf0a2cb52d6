import { isUuid } from '../people/account.js'

/** Types whose objects have UUIDs, taken in any case. Ids of an application's own objects are compared byte for byte. */
export const uuidObjects: readonly string[] = ['account', 'org']

/** What an id of a type is, in a sentence. */
export const idReason = (object: string): string =>
  uuidObjects.includes(object)
    ? 'An id is a UUID.'
    : 'An id is a text of 1 to 128 characters, none of them a control character.'

/** Whether a value can be the id of an object of some type. */
export const isContextId = (value: unknown): value is string =>
  typeof value === 'string' && /^[^\p{Cc}\p{Cs}]{1,128}$/u.test(value)

/** An id as objects of a type have it; undefined where none of them can. */
export function contextIdOf(object: string, id: unknown): string | undefined {
  if (!isContextId(id)) return undefined
  if (!uuidObjects.includes(object)) return id
  return isUuid(id) ? id.toLowerCase() : undefined
}

/** The columns that hold an id, which the database reads together as `context_key`. */
export const contextColumns = (id: string): { context_id: string | null; context_text: string | null } =>
  isUuid(id) && id === id.toLowerCase()
    ? { context_id: id, context_text: null }
    : { context_id: null, context_text: id }
