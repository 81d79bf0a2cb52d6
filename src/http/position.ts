import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isXmlText } from '../atom/escape.js'
import type { ListRequest, Position } from '../connections/connection.js'

const name = z.string().refine(isXmlText)
const change = z
  .int()
  .min(0)
  .max(Date.UTC(9999, 11, 31))
const form = z.tuple([z.enum(['after', 'before']), z.union([name, change]), z.guid(), z.string()])

/**
 * Writes a position as an opaque text for a link, bound to the request that the link makes.
 *
 * @param request the list, page and page size that the link asks for
 */
export function writePosition(position: Position, request: Omit<ListRequest, 'position'>): string {
  const key = 'name' in position ? position.name : position.change.getTime()
  const parts: z.infer<typeof form> = [position.direction, key, position.id, binding(request)]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** Reads such a text; undefined, so that it is ignored, where it is malformed or was made for another request. */
export function readPosition(text: string | undefined, request: Omit<ListRequest, 'position'>): Position | undefined {
  if (text === undefined) return undefined
  const parts = form.safeParse(parseJson(Buffer.from(text, 'base64url').toString())).data
  if (!parts) return undefined
  const [direction, key, id, made] = parts
  if (made !== binding(request)) return undefined
  if (request.order.by === 'name') return typeof key === 'string' ? { direction, name: key, id } : undefined
  return typeof key === 'number' ? { direction, change: new Date(key), id } : undefined
}

/** Ties a position to its list and page: an address that was edited by hand means its page number again. */
function binding(request: Omit<ListRequest, 'position'>): string {
  const { person = null, status, since = null, order, page, pageSize, inCommonWith } = request
  const parts = [person, status, since, order.by, order.descending, page, pageSize]
  const text = JSON.stringify(inCommonWith ? [...parts, inCommonWith] : parts)
  return createHash('sha256').update(text).digest('base64url').slice(0, 8)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
