import type { RequestHandler } from 'express'
import type { Feed } from '../../atom/feed.js'
import { mediaType } from '../../atom/vocabulary.js'
import { unknownPerson } from '../../connections/find.js'
import type { Person } from '../../people/account.js'
import { findLastChange } from '../../people/last-change-store.js'
import { findChain, findManaged, longestChain, type Reports } from '../../people/managers-store.js'
import { type PersonQuery, readPersonQuery } from '../request/profiles.js'
import { inChunks } from '../response/chunks.js'
import { numberedLinks, selfLink } from '../response/paging.js'
import { answerWith } from '../response/send.js'
import { type Door, personAsked, searchOf } from '../services.js'
import { newestOf } from './profiles.js'

/** GET and HEAD of `peopleManaged.do`: the people whose manager somebody is, page by page. */
export const showManaged = (door: Door): RequestHandler =>
  showReports(door, findManaged, (reports, query) => ({
    id: `managed:${reports.of.key}`,
    title: `people managed by ${reports.of.name}`,
    startIndex: (query.page - 1) * query.pageSize + 1,
    itemsPerPage: query.pageSize,
    isComplete: reports.accounts.length === reports.total,
    links: numberedLinks(door.atom.to.peopleManaged, query, reports.total),
  }))

/** GET and HEAD of `reportingChain.do`: a person and the managers above them, nearest first, all on one page. */
export const showChain = (door: Door): RequestHandler =>
  showReports(door, findChain, (reports, query) => ({
    id: `chain:${reports.of.key}`,
    title: `reporting chain for ${reports.of.name}`,
    startIndex: 1,
    itemsPerPage: reports.total,
    isComplete: reports.total < longestChain,
    links: { self: selfLink(door.atom.to.reportingChains, query.parameters) },
  }))

function showReports(
  door: Door,
  find: (db: Door['db'], person: Person, query: PersonQuery) => Promise<Reports | undefined>,
  headOf: (reports: Reports, query: PersonQuery) => Head,
): RequestHandler {
  return async (request, response) => {
    const query = readPersonQuery(searchOf(request))
    const person = await personAsked(door, request, query.person)
    await door.load.turn(request, response)
    const reports = await find(door.db, person, query)
    if (!reports) throw unknownPerson()
    const changed = await findLastChange(door.db)
    await answerWith(door, request, response, { changed, ...feedOf(door, reports, query, headOf(reports, query)) })
  }
}

type Head = Pick<Feed, 'id' | 'title' | 'startIndex' | 'itemsPerPage' | 'isComplete' | 'links'>

/**
 * Both feeds have the same frame, and entries that do not say where they are themselves (docs/wire.md, A profile entry;
 * Other resources).
 */
function feedOf({ atom }: Door, { of, total, accounts }: Reports, { form }: PersonQuery, head: Head) {
  return {
    type: `${mediaType.atom};charset=UTF-8`,
    madeOf: [head.links.self, of, total, accounts],
    links: head.links,
    write: async () =>
      atom.feed({
        ...head,
        updated: newestOf(accounts) ?? of.updated,
        totalResults: total,
        entries: await inChunks(accounts, (account) => atom.profiles.entry(account, form, { self: 'none' })),
      }),
  }
}
