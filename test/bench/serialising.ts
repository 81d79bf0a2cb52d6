import { deepEqual } from 'node:assert/strict'
import { create } from 'xmlbuilder2'
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Feed } from '../../src/atom/feed.js'
import * as wire from '../../src/atom/vocabulary.js'
import { atomWriter } from '../../src/atom/writer.js'
import type { Colleague } from '../../src/connections/model.js'
import type { Account } from '../../src/people/account.js'
import { account, colleague } from '../support/people.js'
import type { Pair } from './measure.js'

const baseUrl = 'https://connections.example'
const writer = atomWriter(baseUrl)
const owner = account()
const colleagues = Array.from({ length: 100 }, (_, index) =>
  colleague(owner, account({ name: `Person <${index}> & Co`, userId: `p${index}` })),
)
const feed: Omit<Feed, 'entries'> = {
  id: `${owner.key}:accepted`,
  title: `Connections of ${owner.name}`,
  updated: new Date('2026-03-06T00:00:00Z'),
  totalResults: 100,
  startIndex: 1,
  itemsPerPage: 100,
  pendingInvitations: undefined,
  links: { self: `${baseUrl}/profiles/atom/connections.do?connectionType=colleague&userid=ann&ps=100` },
}

/** A feed of 100 connection entries, from templates and through xmlbuilder2: the same bytes. */
export function serialising(): Pair {
  const ours = () => writer.feed({ ...feed, entries: colleagues.map((each) => writer.connections.entry(each, false)) })
  const theirs = () => throughXmlbuilder2()
  deepEqual(withoutRepetition(ours()), withoutRepetition(theirs()))
  return { name: '100 connection entries: templates / xmlbuilder2', ours, theirs, least: 30 }
}

/** xmlbuilder2 leaves out declarations that repeat those of the root. */
const withoutRepetition = (document: string) =>
  document.replace(/(\/(?:source|target)") xmlns:snx="[^"]*"/g, '$1').split('><')

function throughXmlbuilder2(): string {
  const XMLNS = 'http://www.w3.org/2000/xmlns/'
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele(wire.ATOM, 'feed')
  for (const [prefix, namespace] of Object.entries(wire.prefixes)) root.att(XMLNS, `xmlns:${prefix}`, namespace)
  root.att(XMLNS, 'xmlns', wire.ATOM)
  text(root, 'id', `${wire.feedId}:${feed.id}`)
  text(root, 'generator', wire.generator.name, { version: wire.generator.version, uri: wire.generator.uri })
  text(root, 'title', feed.title, { type: 'text' })
  text(root.ele(wire.ATOM, 'author'), 'name', wire.generator.name)
  text(root, 'updated', feed.updated.toISOString())
  for (const number of ['totalResults', 'startIndex', 'itemsPerPage'] as const) {
    root.ele(wire.OPENSEARCH, `opensearch:${number}`).txt(String(feed[number]))
  }
  text(root, 'link', '', { href: feed.links.self, rel: 'self', type: wire.mediaType.atom })
  for (const each of colleagues) addEntry(root.ele(wire.ATOM, 'entry'), each)
  return root.end({ allowEmptyTags: true, wellFormed: true })
}

function addEntry(entry: XMLBuilder, { id, owner: source, peer, updated, status }: Colleague): void {
  text(entry, 'id', wire.entryId + id)
  text(entry, 'title', peer.name, { type: 'text' })
  text(entry, 'updated', updated.toISOString())
  text(entry, 'category', '', { term: 'connection', scheme: wire.scheme.type })
  text(entry, 'category', '', { term: 'colleague', scheme: wire.scheme.connectionType })
  text(entry, 'category', '', { term: status, scheme: wire.scheme.status })
  addPerson(entry.ele(wire.ATOM, 'author'), source)
  addPerson(entry.ele(wire.ATOM, 'contributor'), peer)
  const connection = entry.ele(wire.SNX, 'snx:connection')
  addPerson(connection.ele(wire.ATOM, 'contributor').att(wire.SNX, 'snx:rel', wire.rel.source), source)
  addPerson(connection.ele(wire.ATOM, 'contributor').att(wire.SNX, 'snx:rel', wire.rel.target), peer)
  text(entry, 'content', '', { type: 'html' })
  const self = writer.to.connection(id)
  text(entry, 'link', '', { href: self, rel: 'self', type: wire.mediaType.atom })
  text(entry, 'link', '', { href: `${self}&inclMessage=true`, rel: 'edit', type: wire.mediaType.atom })
  text(entry, 'link', '', { href: writer.to.profileView(peer.key), rel: 'alternate', type: wire.mediaType.html })
  text(entry, 'summary', `${source.name} and ${peer.name} are colleagues.`, { type: 'text' })
}

function addPerson(at: XMLBuilder, { name, userId, email, state, external }: Account): void {
  text(at, 'name', name)
  at.ele(wire.SNX, 'snx:userid').txt(userId)
  text(at, 'email', email ?? '')
  at.ele(wire.SNX, 'snx:userState').txt(state)
  at.ele(wire.SNX, 'snx:isExternal').txt(String(external))
}

function text(at: XMLBuilder, name: string, content: string, attributes: Record<string, string> = {}): void {
  const element = at.ele(wire.ATOM, name)
  for (const [key, value] of Object.entries(attributes)) element.att(key, value)
  if (content !== '') element.txt(content)
}
