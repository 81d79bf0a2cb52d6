import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import { shownMessage } from '../connections/message.js'
import type { Colleague } from '../connections/model.js'
import type { Person } from '../people/account.js'
import { instant, type Markup, type Plain, plain } from './markup.js'
import { category, link, type Party, partyOf, rememberLast } from './person.js'
import { documentTemplate, fragmentTemplate, type Hole, type Template, template, XMLNS } from './template.js'
import { type Addresses, entryId, mediaType, rel, scheme, SNX } from './vocabulary.js'

interface Values {
  id: Plain
  title: Markup
  /** Key of the peer. */
  key: Plain
  updated: Plain
  author: Markup
  contributor: Markup
  source: Markup
  target: Markup
  message: string
  /** The names in the summary. */
  first: Markup
  second: Markup
}

type Status = Colleague['status']

/**
 * Returns the functions that write connection entries (docs/wire.md, A connection entry): `entry` for use in a feed,
 * `document` for a single entry. If `message` is true, the entry includes the invitation's message, without active
 * content.
 *
 * @param to base addresses of all links
 */
export function connectionEntries(to: Addresses) {
  const ownerOf = rememberLast(end(rel.source))
  const peerOf = end(rel.target)
  const writer = (make: (build: (at: XMLBuilder, hole: Hole<Values>) => void) => Template<Values>) => {
    const entry = (status: Status) => make((at, hole) => entryShape(at, hole, to, status))
    const entries: Record<Status, Template<Values>> = {
      accepted: entry('accepted'),
      pending: entry('pending'),
      unconfirmed: entry('unconfirmed'),
    }
    return (colleague: Colleague<Person>, message: boolean): Markup =>
      entries[colleague.status](values(colleague, message, ownerOf(colleague.owner), peerOf(colleague.peer)))
  }
  return { entry: writer(template), document: writer(documentTemplate) }
}

/** A person as an end of the connection. */
interface End extends Party {
  readonly end: Markup
}

function end(relation: string): (account: Person) => End {
  const write = fragmentTemplate<{ person: Markup }>((at, hole) => {
    const contributor = at.ele('contributor').att(SNX, 'snx:rel', relation).att(XMLNS, 'xmlns:snx', SNX)
    contributor.txt(hole.markup('person'))
  })
  return (account) => {
    const { name, person } = partyOf(account)
    return { name, person, end: write({ person }) }
  }
}

function values(colleague: Colleague<Person>, message: boolean, owner: End, peer: End): Values {
  const isAccepted = colleague.status === 'accepted'
  const byOwner = colleague.inviter === colleague.owner
  const [inviter, invited] = byOwner ? [owner, peer] : [peer, owner]
  return {
    id: plain(colleague.id),
    title: peer.name,
    key: plain(colleague.peer.key),
    updated: instant(colleague.updated),
    author: inviter.person,
    contributor: colleague.changedBy === colleague.owner ? owner.person : peer.person,
    source: owner.end,
    target: peer.end,
    message: message ? shownMessage(colleague.message) : '',
    first: isAccepted ? owner.name : inviter.name,
    second: isAccepted ? peer.name : invited.name,
  }
}

function entryShape(at: XMLBuilder, hole: Hole<Values>, to: Addresses, status: Status): void {
  const entry = at.ele('entry')
  entry.ele('id').txt(entryId + hole.plain('id'))
  entry.ele('title').att('type', 'text').txt(hole.markup('title'))
  entry.ele('updated').txt(hole.plain('updated'))
  category(entry, 'connection', scheme.type)
  category(entry, 'colleague', scheme.connectionType)
  category(entry, status, scheme.status)
  entry.ele('author').txt(hole.markup('author'))
  entry.ele('contributor').txt(hole.markup('contributor'))
  entry.ele(SNX, 'snx:connection').txt(hole.markup('source') + hole.markup('target'))
  entry.ele('content').att('type', 'html').txt(hole.text('message'))
  const self = to.connection(hole.plain('id'))
  link(entry, self, 'self', mediaType.atom)
  link(entry, `${self}&inclMessage=true`, 'edit', mediaType.atom)
  link(entry, to.profileView(hole.plain('key')), 'alternate', mediaType.html)
  const [first, second] = [hole.markup('first'), hole.markup('second')]
  const summary =
    status === 'accepted' ? `${first} and ${second} are colleagues.` : `${first} invited ${second} to connect.`
  entry.ele('summary').att('type', 'text').txt(summary)
}
