import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import { shownMessage } from '../connections/message.js'
import type { Colleague } from '../connections/model.js'
import { category, link, person } from './person.js'
import { documentTemplate, fragmentTemplate, type Hole, type Markup, template, XMLNS } from './template.js'
import { type Addresses, entryId, mediaType, rel, scheme, SNX } from './vocabulary.js'

interface Values {
  id: string
  title: string
  /** Key of the peer. */
  key: string
  updated: string
  status: string
  inviter: Markup
  changedBy: Markup
  source: Markup
  target: Markup
  message: string
  summary: string
}

/**
 * Returns the functions that write connection entries (docs/wire.md, A connection entry): `entry` for use in a feed,
 * `document` for a single entry. If `message` is true, the entry includes the invitation's message, without active
 * content.
 *
 * @param to base addresses of all links
 */
export function connectionEntries(to: Addresses) {
  const shape = (at: XMLBuilder, hole: Hole<Values>) => entryShape(at, hole, to)
  const entry = template<Values>(shape)
  const document = documentTemplate<Values>(shape)
  return {
    entry: (colleague: Colleague, message: boolean): Markup => entry(values(colleague, message)),
    document: (colleague: Colleague, message: boolean): Markup => document(values(colleague, message)),
  }
}

const end = (relation: string) =>
  fragmentTemplate<{ person: Markup }>((at, hole) => {
    const contributor = at.ele('contributor').att(SNX, 'snx:rel', relation).att(XMLNS, 'xmlns:snx', SNX)
    contributor.txt(hole.markup('person'))
  })
const source = end(rel.source)
const target = end(rel.target)

function values(colleague: Colleague, message: boolean): Values {
  const { owner, peer, inviter, changedBy } = colleague
  const ownerText = person(owner)
  const peerText = person(peer)
  const textOf = (account: typeof owner) => (account === owner ? ownerText : peerText)
  const invited = inviter === owner ? peer : owner
  return {
    id: colleague.id,
    title: peer.name,
    key: peer.key,
    updated: colleague.updated.toISOString(),
    status: colleague.status,
    inviter: textOf(inviter),
    changedBy: textOf(changedBy),
    source: source({ person: ownerText }),
    target: target({ person: peerText }),
    message: message ? shownMessage(colleague.message) : '',
    summary:
      colleague.status === 'accepted'
        ? `${owner.name} and ${peer.name} are colleagues.`
        : `${inviter.name} invited ${invited.name} to connect.`,
  }
}

function entryShape(at: XMLBuilder, hole: Hole<Values>, to: Addresses): void {
  const entry = at.ele('entry')
  entry.ele('id').txt(entryId + hole.text('id'))
  entry.ele('title').att('type', 'text').txt(hole.text('title'))
  entry.ele('updated').txt(hole.text('updated'))
  category(entry, 'connection', scheme.type)
  category(entry, 'colleague', scheme.connectionType)
  category(entry, hole.text('status'), scheme.status)
  entry.ele('author').txt(hole.markup('inviter'))
  entry.ele('contributor').txt(hole.markup('changedBy'))
  entry.ele(SNX, 'snx:connection').txt(hole.markup('source') + hole.markup('target'))
  entry.ele('content').att('type', 'html').txt(hole.text('message'))
  const self = to.connection(hole.text('id'))
  link(entry, self, 'self', mediaType.atom)
  link(entry, `${self}&inclMessage=true`, 'edit', mediaType.atom)
  link(entry, to.profileView(hole.text('key')), 'alternate', mediaType.html)
  entry.ele('summary').att('type', 'text').txt(hole.text('summary'))
}
