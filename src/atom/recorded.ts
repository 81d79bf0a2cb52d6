import { type ShownConnection, statuses } from '../connections/model.js'
import { Failure } from '../errors.js'
import { isUuid } from '../people/account.js'
import type { Observation } from '../people/merge.js'
import { messageIn } from './content.js'
import { charsetOf, decode, markOf } from './encoding.js'
import { childOf, childrenOf, idOf, termsOf, textOf, updatedOf } from './read-entry.js'
import { isNamed, readPerson, readProfile, type ShownPerson } from './read-profile.js'
import type { Refuse } from './scan.js'
import { ATOM, feedTitles, rel, scheme, SNX } from './vocabulary.js'
import { parseXml, type XmlElement, type XmlLimits } from './xml.js'

/** The content of a recorded response. Each `place` locates an entry, for refusals. */
interface Recorded {
  readonly people: readonly { readonly sighting: Observation; readonly place: string }[]
  readonly connections: readonly { readonly shown: ShownConnection; readonly place: string }[]
}

/** Limits for imported files: many more elements than in a request, and enough depth for an hCard. */
const fileLimits: XmlLimits = { depth: 64, elements: 1_000_000, attributes: 64 }

/**
 * Reads a recorded response of this API: a feed or a single entry, of connections or profiles (docs/wire.md, The feed;
 * A connection entry; A profile entry). HTTP headers may precede the document.
 *
 * @throws Failure `invalid`, with place and reason, for malformed XML, for a document that is neither a feed nor an
 *   entry, and for an incomplete entry
 */
export function readRecorded(bytes: Uint8Array): Recorded {
  const { root, status } = documentIn(bytes)
  if (root.namespace === ATOM && root.name === 'entry') {
    return at(placeOf(root, 1), () => readEntry(root, updatedOf(root), placeOf(root, 1)))
  }
  if (root.namespace !== ATOM || root.name !== 'feed') {
    const came = status === undefined || status === 200 ? '' : `; it came with the status ${status}`
    throw new Failure('invalid', `The document is neither an Atom feed nor an Atom entry${came}.`)
  }
  const seen = at('the feed', () => updatedOf(root))
  const entries = childrenOf(root, ATOM, 'entry').map((entry, index) => {
    const place = placeOf(entry, index + 1)
    return at(place, () => readEntry(entry, seen, place))
  })
  return {
    people: [...ownerOf(root, seen), ...entries.flatMap(({ people }) => people)],
    connections: entries.flatMap(({ connections }) => connections),
  }
}

/**
 * Parses the document in a file. A byte order mark at the start of the file takes precedence over the XML declaration,
 * since it means that a program, such as a shell, re-encoded the file.
 */
function documentIn(file: Uint8Array): { root: XmlElement; status: number | undefined } {
  if (markOf(file)) {
    const text = decode(file, undefined, '', refuse)
    const { status, start } = lastAnswer(text)
    return { root: parseXml(text.slice(start), fileLimits), status }
  }
  // In Latin-1, character positions equal byte positions.
  const { status, charset, start } = lastAnswer(Buffer.from(file).toString('latin1'))
  const bytes = file.subarray(start)
  const document = markOf(bytes) ? decode(bytes, undefined, '', refuse) : bytes
  return { root: parseXml(document, fileLimits, charset), status }
}

const refuse: Refuse = (reason) => {
  throw new Failure('invalid', `The document is refused: ${reason}.`)
}

const placeOf = (entry: XmlElement, number: number) => `entry ${number} (${textOf(entry, ATOM, 'id') ?? 'without id'})`

function at<Value>(place: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    throw new Failure(cause.code, `The document is refused at ${place}. ${cause.message}`, { cause })
  }
}

function readEntry(entry: XmlElement, seen: Date, place: string): Recorded {
  const kinds = termsOf(entry, scheme.type)
  if (kinds.includes('connection')) {
    const { people, connection } = readConnection(entry)
    const sightings = people.map((person) => ({ sighting: { ...person, seen }, place }))
    return { people: sightings, connections: [{ shown: connection, place }] }
  }
  if (kinds.includes('profile')) {
    return { people: [{ sighting: { ...readProfile(entry), seen }, place }], connections: [] }
  }
  throw new Failure('invalid', 'The entry is neither a connection nor a profile.')
}

const ownersTitle = new RegExp(`^(?:${Object.values(feedTitles).join('|')})(?: (.*))?$`, 's')

/** The owner of a feed of connections, from its title and the parameters of its self link. */
function ownerOf(feed: XmlElement, seen: Date): Recorded['people'] {
  const self = childrenOf(feed, ATOM, 'link').find((link) => link.attributes.get('rel') === 'self')
  const href = self?.attributes.get('href') ?? ''
  const [title, name] = ownersTitle.exec(textOf(feed, ATOM, 'title') ?? '') ?? []
  if (title === undefined || !URL.canParse(href)) return []

  const parameter = (name: string) => new URL(href).searchParams.get(name)?.trim() ?? ''
  const userId = parameter('userid')
  const email = parameter('email')
  const key = parameter('key').toLowerCase()
  const person = { ...(userId && { userId }), ...(email && { email }), ...(isUuid(key) && { key }) }
  if (Object.keys(person).length === 0) return []
  return [{ sighting: { ...(name && { name }), ...person, seen }, place: 'the self link of the feed' }]
}

/**
 * Reads a connection entry (docs/wire.md, A connection entry): its people, and the connection as seen by the source.
 *
 * @throws Failure `invalid` for an entry without an id, status or date, or without the user ids of two different people
 */
function readConnection(entry: XmlElement): { people: ShownPerson[]; connection: ShownConnection } {
  const author = personIn(childOf(entry, ATOM, 'author'))
  const contributor = personIn(childOf(entry, ATOM, 'contributor'))
  const source = end(entry, 'source')
  const target = end(entry, 'target')
  if (source.userId === target.userId)
    throw new Failure('invalid', 'The source and the target of the entry are the same person.')

  const status = statusOf(entry)
  const sideOf = (person: ShownPerson | undefined) =>
    person?.userId === source.userId ? 'source' : person?.userId === target.userId ? 'target' : undefined
  const inviter = sideOf(author) ?? (status === 'pending' ? 'target' : 'source')
  const content = childOf(entry, ATOM, 'content')
  const message = content ? messageIn(content) : ''

  return {
    people: [author, contributor, source, target].filter((person) => person !== undefined).filter(isNamed),
    connection: {
      id: idOf(entry),
      source: source.userId,
      target: target.userId,
      status,
      inviter,
      changedBy: sideOf(contributor) ?? inviter,
      ...(message.trim() !== '' && { message }),
      updated: updatedOf(entry),
    },
  }
}

const personIn = (element: XmlElement | undefined) => element && readPerson(element)

function end(entry: XmlElement, side: 'source' | 'target'): ShownPerson & { userId: string } {
  const connection = childOf(entry, SNX, 'connection')
  const people = connection === undefined ? [] : childrenOf(connection, ATOM, 'contributor')
  const { userId, ...person } =
    personIn(people.find((person) => person.attributes.get(`{${SNX}}rel`) === rel[side])) ?? {}
  if (userId === undefined) throw new Failure('invalid', `The entry's ${side} has no user id.`)
  return { ...person, userId }
}

function statusOf(entry: XmlElement): ShownConnection['status'] {
  const terms = termsOf(entry, scheme.status)
  const status = statuses.find((status) => status === terms[0])
  if (status === undefined || terms.length > 1) {
    throw new Failure('invalid', `The entry must have exactly one status: ${statuses.join(', ')}.`)
  }
  return status
}

/** The HTTP response around a recorded document. */
interface Answer {
  /** Undefined for a bare document. */
  readonly status: number | undefined
  /** From its Content-Type. */
  readonly charset: string | undefined
  /** Index of the document's first character. */
  readonly start: number
}

const head = /\s*HTTP\/\d(?:\.\d)? +(\d{3})[^\n]*\n((?:[^\r\n][^\n]*\n)*)\r?\n/y
const nextHead = /^HTTP\/\d(?:\.\d)? +\d{3}\b/m
const fieldOf = (fields: string, name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t\\r]*$`, 'im').exec(fields)?.[1]

/**
 * Finds the document in a recording. If the recording contains several responses, such as 100 Continue, a redirect or a
 * 401, the document follows the header of the last one.
 *
 * @throws Failure `invalid` if no empty line ends the header of a response
 */
function lastAnswer(text: string): Answer {
  let answer: Answer = { status: undefined, charset: undefined, start: 0 }
  for (let at = 0; ;) {
    head.lastIndex = at
    const [, digits, fields = ''] = head.exec(text) ?? []
    if (digits === undefined) break
    answer = { status: Number(digits), charset: charsetOf(fieldOf(fields, 'content-type')), start: head.lastIndex }
    const next = startOfNext(text, answer, Number(fieldOf(fields, 'content-length') ?? 0))
    if (next === undefined) return answer
    at = next
  }
  if (/^\s*HTTP\//.test(text)) throw new Failure('invalid', 'The HTTP header does not end with an empty line.')
  return answer
}

/**
 * The start of the next response: here, or after a body of the given length. For a status other than 2xx, the body is
 * also searched for it. A 2xx body is not searched, since text in a document may look like a response.
 */
function startOfNext(text: string, { status = 0, start }: Answer, length: number): number | undefined {
  const places = [start, start + length].filter((at) => /^\s*HTTP\/\d/.test(text.slice(at, at + 20)))
  if (places[0] !== undefined || (status >= 200 && status < 300)) return places[0]
  const found = text.slice(start).search(nextHead)
  return found === -1 ? undefined : start + found
}
