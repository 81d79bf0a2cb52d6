import { statuses } from '../connections/connection.js'
import type { ShownConnection } from '../connections/shown.js'
import { Failure } from '../errors.js'
import { messageIn } from './content.js'
import { childOf, childrenOf } from './find.js'
import { idOf, termsOf, updatedOf } from './read-entry.js'
import { isNamed, readPerson, type ShownPerson } from './read-person.js'
import { ATOM, rel, scheme, SNX } from './vocabulary.js'
import type { XmlElement } from './xml.js'

/**
 * Reads a connection entry (wire reference, section 4.3): the people in it, and the connection as its source sees it.
 * Refuses one without id, status, date, or two different people with user ids.
 */
export function readConnection(entry: XmlElement): { people: ShownPerson[]; connection: ShownConnection } {
  const author = personIn(childOf(entry, ATOM, 'author'))
  const contributor = personIn(childOf(entry, ATOM, 'contributor'))
  const source = end(entry, 'source')
  const target = end(entry, 'target')
  if (source.userId === target.userId) throw new Failure('invalid', 'Its source and its target are the same person.')

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

/** A person at one end of the connection, whose user id has to be known. */
function end(entry: XmlElement, side: 'source' | 'target'): ShownPerson & { userId: string } {
  const connection = childOf(entry, SNX, 'connection')
  const people = connection === undefined ? [] : childrenOf(connection, ATOM, 'contributor')
  const { userId, ...person } =
    personIn(people.find((person) => person.attributes.get(`{${SNX}}rel`) === rel[side])) ?? {}
  if (userId === undefined) throw new Failure('invalid', `It shows no ${side} with a user id.`)
  return { ...person, userId }
}

function statusOf(entry: XmlElement): ShownConnection['status'] {
  const terms = termsOf(entry, scheme.status)
  const status = statuses.find((status) => status === terms[0])
  if (status === undefined || terms.length > 1) {
    throw new Failure('invalid', `It needs one status: ${statuses.join(', ')}.`)
  }
  return status
}
