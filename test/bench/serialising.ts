import { deepEqual } from 'node:assert/strict'
import { create } from 'xmlbuilder2'
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js'
import type { Feed } from '../../src/atom/feed.js'
import type { Markup } from '../../src/atom/template.js'
import * as wire from '../../src/atom/vocabulary.js'
import { atomWriter } from '../../src/atom/writer.js'
import type { Colleague } from '../../src/connections/model.js'
import type { Account } from '../../src/people/account.js'
import { textFieldNames } from '../../src/people/fields.js'
import { account, colleague } from '../support/people.js'
import type { Pair } from './measure.js'

const baseUrl = 'https://connections.example'
const writer = atomWriter(baseUrl)
const owner = account()
const colleagues = Array.from({ length: 100 }, (_, index) => colleagueOf(index))
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

/** A feed of 100 connection entries in bytes, from templates and through xmlbuilder2: the same document. */
export function serialising(): Pair {
  const ours = () => writer.feed({ ...feed, entries: colleagues.map((each) => writer.connections.entry(each, false)) })
  const theirs = () => throughXmlbuilder2()
  deepEqual(withoutRepetition(ours()), withoutRepetition(theirs()))
  return {
    name: '100 connection entries: templates / xmlbuilder2',
    ours: () => Buffer.from(ours()),
    theirs: () => Buffer.from(theirs()),
    least: 30,
  }
}

type Entry = (each: Colleague) => Markup

const profile =
  (output: 'hcard' | 'vcard', format: 'lite' | 'full', shown = (peer: Account) => peer): Entry =>
  ({ id, peer }) =>
    writer.profiles.entry(shown(peer), { output, format }, { connectionId: id })

const filled = new Map(colleagues.map(({ peer }) => [peer, { ...peer, profile: everyField(peer.userId) }]))
const withAll = (peer: Account) => filled.get(peer) ?? peer

const forms: Record<string, Entry> = {
  'connection entry': (each) => writer.connections.entry(each, false),
  'connection entry with message': (each) => writer.connections.entry(each, true),
  'profile entry, hCard lite': profile('hcard', 'lite'),
  'profile entry, hCard full': profile('hcard', 'full'),
  'profile entry, hCard full, all fields filled': profile('hcard', 'full', withAll),
  'profile entry, vCard lite': profile('vcard', 'lite'),
  'profile entry, vCard full': profile('vcard', 'full'),
  'profile entry, vCard full, all fields filled': profile('vcard', 'full', withAll),
}

const sizes = [50, 100] as const
const rounds = 25

/** Microseconds for each entry of a feed in bytes: medians of rounds that take turns, after a warm-up. */
function entryTimes(): string {
  const pages = Object.entries(forms).flatMap(([name, entry]) =>
    sizes.map((size) => {
      const page = colleagues.slice(0, size)
      return {
        name,
        size,
        times: [] as number[],
        write: () => Buffer.from(writer.feed({ ...feed, entries: page.map(entry) })),
      }
    }),
  )
  for (const { write } of pages) timeOf(write, 300)
  for (let round = 0; round < rounds; round++) {
    for (const { write, size, times } of pages) times.push(timeOf(write, 20) / size)
  }
  const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] as number
  const cellOf = (name: string, size: number) =>
    pages.filter((page) => page.name === name && page.size === size).map(({ times }) => median(times).toFixed(2))
  const rows = Object.keys(forms).map((name) => [name, ...sizes.flatMap((size) => cellOf(name, size))])
  const head = ['µs an entry, bytes included', ...sizes.map((size) => `page of ${size}`)]
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** Microseconds for one call. */
function timeOf(work: () => unknown, ms: number): number {
  const start = performance.now()
  let count = 0
  for (; performance.now() - start < ms; count++) work()
  return ((performance.now() - start) * 1000) / count
}

/** A connection with a person as usual in a directory: some fields of the profile are filled. */
function colleagueOf(index: number): Colleague {
  const id = (version: number) => `01900000-0000-${version}000-8000-${String(index).padStart(12, '0')}`
  const updated = new Date(Date.UTC(2026, 0, 1) + index * 86_400_123)
  const userId = `person${index}`
  const peer = account({
    id: id(1),
    key: id(2),
    name: `Person <${index}> & Co`,
    userId,
    login: `${userId}.login`,
    email: `${userId}@example.com`,
    updated,
    profile: {
      title: 'Engineer',
      organization: 'Research',
      city: 'Ulm',
      country: 'Germany',
      building: `B${index % 7}`,
      floor: '2',
      officeNumber: String(index),
      workPhone: `+49 731 ${1000 + index}`,
      managerLogin: 'boss',
      isManager: false,
      tags: ['atom', 'graph'],
    },
  })
  return colleague(owner, peer, { id: id(3), message: `Shall we connect? I am person ${index}.`, updated })
}

/** Every text field of a profile, each with another value. */
function everyField(userId: string) {
  return Object.fromEntries(textFieldNames.map((name) => [name, `${name} of ${userId}`]))
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

// On import, so that the databases and servers of the other measurements do not run yet.
process.stdout.write(`${entryTimes()}\n`)
