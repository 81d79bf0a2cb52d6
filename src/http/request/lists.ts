import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ProfileForm } from '../../atom/profile-entry.js'
import { parseTimestamp } from '../../atom/read-entry.js'
import { isXmlText } from '../../atom/template.js'
import { type ListRequest, type Order, type Position, statuses } from '../../connections/model.js'
import { Failure } from '../../errors.js'
import {
  naming,
  oneOf,
  openParameters,
  type Parameters,
  type Query,
  readForm,
  readPage,
  requireOneOf,
  wordAmong,
  yesOrNo,
} from './parameters.js'
import { readPerson, readTwo } from './people.js'

/** The parameters of `connections.do`. */
export interface ConnectionsQuery {
  readonly list: ListRequest
  readonly outputType: 'connection' | 'profile'
  /** The output form of profiles, if the list shows profiles. */
  readonly form: ProfileForm
  readonly includeMessage: boolean
  /** All parameters as received, for the links of the answer. */
  readonly parameters: Parameters
}

/**
 * Reads the parameters of GET `connections.do` (docs/wire.md, Parameters of a list). Unknown parameters are ignored.
 * Depending on the parameter, a malformed value is refused or replaced by the default.
 *
 * @throws Failure `invalid`, naming the parameter
 */
export function readConnectionsQuery(search: string): ConnectionsQuery {
  const query = openParameters(search)
  const { value } = query
  requireOneOf('connectionType', value('connectionType'), ['colleague'])
  const person = readPerson(query)
  const status = oneOf('status', value('status'), statuses) ?? 'accepted'
  return readRest(query, { person, status, inCommonWith: undefined }, 'full')
}

/** The parameters of `connectionsInCommon.do`. */
interface InCommonQuery extends ConnectionsQuery {
  /** The value that names the two people, as received. */
  readonly named: string
}

/**
 * Reads the parameters of GET `connectionsInCommon.do` (docs/wire.md, Other resources). They are those of
 * `connections.do`, but one parameter names two people, separated by a comma. The entries are those of the first
 * person.
 *
 * @throws Failure `invalid`, naming the parameter
 */
export function readInCommonQuery(search: string): InCommonQuery {
  const query = openParameters(search)
  const { value } = query
  oneOf('connectionType', value('connectionType'), ['colleague'])
  const status = oneOf('status', value('status'), ['accepted'] as const) ?? 'accepted'
  const {
    people: [person, inCommonWith],
    raw: named,
  } = readTwo(query)
  return { ...readRest(query, { person, status, inCommonWith }, 'lite'), named }
}

/** Reads the parameters that both resources share. @param format the default format of profiles */
function readRest(
  { parameters, value }: Query,
  list: Pick<ListRequest, 'person' | 'status' | 'inCommonWith'>,
  format: ProfileForm['format'],
): ConnectionsQuery {
  const request = {
    ...list,
    since: readSince(value('since')),
    order: readOrder(value('sortBy'), value('sortOrder')),
    ...readPage(value),
    countPending: yesOrNo('inclPendingCount', value('inclPendingCount')) && list.inCommonWith === undefined,
  }
  return {
    list: { ...request, position: readPosition(value('pos'), request) },
    outputType: oneOf('outputType', value('outputType'), ['connection', 'profile'] as const) ?? 'connection',
    form: readForm(value, format),
    includeMessage: yesOrNo('inclMessage', value('inclMessage')),
    parameters,
  }
}

function readOrder(sortBy: string | undefined, sortOrder: string | undefined): Order {
  const given = wordAmong(sortBy, ['displayName', 'lastMod', 'modified', '3'] as const)
  const order = wordAmong(sortOrder, ['asc', 'desc'] as const) ?? (given ? 'asc' : 'desc')
  return { by: given === 'displayName' ? 'name' : 'change', descending: order === 'desc' }
}

function readSince(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const since = parseTimestamp(text)
  if (since) return since
  const hint = 'such as 2009-01-04T20:32:31.171Z or, with an encoded plus sign, 2009-01-04T20:32:31%2B01:00'
  throw new Failure('invalid', `${naming('since')} must be an RFC 3339 date-time from 1970 on, ${hint}.`)
}

const name = z.string().refine(isXmlText)
const change = z
  .int()
  .min(0)
  .max(Date.UTC(9999, 11, 31))
const form = z.tuple([z.enum(['after', 'before']), z.union([name, change]), z.guid(), z.string()])

/**
 * Encodes a cursor as opaque text for a link. The cursor is valid only for the list, page and page size of that link.
 *
 * @param request the list, page and page size of the link
 */
export function writePosition(position: Position, request: Omit<ListRequest, 'position'>): string {
  const key = 'name' in position ? position.name : position.change.getTime()
  const parts: z.infer<typeof form> = [position.direction, key, position.id, binding(request)]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** Decodes a cursor. Undefined, so ignored, if it is malformed or was made for another list, page or page size. */
export function readPosition(text: string | undefined, request: Omit<ListRequest, 'position'>): Position | undefined {
  if (text === undefined) return undefined
  const parts = form.safeParse(parseJson(Buffer.from(text, 'base64url').toString())).data
  if (!parts) return undefined
  const [direction, key, id, made] = parts
  if (made !== binding(request)) return undefined
  if (request.order.by === 'name') return typeof key === 'string' ? { direction, name: key, id } : undefined
  return typeof key === 'number' ? { direction, change: new Date(key), id } : undefined
}

/**
 * A digest that binds a cursor to its list, page and page size. If a user edits these in the URL, the cursor no longer
 * matches, and the page number is used instead.
 */
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
