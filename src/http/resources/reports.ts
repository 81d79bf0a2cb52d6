import type { RequestHandler } from 'express'
import type { Feed } from '../../atom/feed.js'
import { mediaType } from '../../atom/vocabulary.js'
import { unknownPerson } from '../../connections/find.js'
import type { PersonRef } from '../../people/account.js'
import { findLastChange } from '../../people/change-store.js'
import { findChain, findManaged, maxChain, type Reports } from '../../people/managers-store.js'
import { type PersonQuery, readPersonQuery } from '../request/profiles.js'
import { numberedLinks, selfLink } from '../response/paging.js'
import { answerWith, inChunks } from '../response/send.js'
import { type HttpServices, personAsked, searchOf } from '../services.js'
import { newestOf } from './profiles.js'

/** GET and HEAD of `peopleManaged.do`: the people whose manager somebody is, page by page. */
export const showManaged = (services: HttpServices): RequestHandler =>
  showReports(services, findManaged, (reports, query) => ({
    id: `managed:${reports.of.key}`,
    title: `people managed by ${reports.of.name}`,
    startIndex: (query.page - 1) * query.pageSize + 1,
    itemsPerPage: query.pageSize,
    isComplete: reports.accounts.length === reports.total,
    links: numberedLinks(services.atom.to.peopleManaged, query, reports.total),
  }))

/** GET and HEAD of `reportingChain.do`: a person and the managers above them, nearest first, all on one page. */
export const showChain = (services: HttpServices): RequestHandler =>
  showReports(services, findChain, (reports, query) => ({
    id: `chain:${reports.of.key}`,
    title: `reporting chain for ${reports.of.name}`,
    startIndex: 1,
    itemsPerPage: reports.total,
    isComplete: reports.total < maxChain,
    links: { self: selfLink(services.atom.to.reportingChains, query.parameters) },
  }))

function showReports(
  services: HttpServices,
  find: (db: HttpServices['db'], person: PersonRef, query: PersonQuery) => Promise<Reports | undefined>,
  headOf: (reports: Reports, query: PersonQuery) => Head,
): RequestHandler {
  return async (request, response) => {
    const query = readPersonQuery(searchOf(request))
    const person = await personAsked(services, request, query.person)
    await services.load.turn(request, response)
    const reports = await find(services.db, person, query)
    if (!reports) throw unknownPerson()
    const changed = await findLastChange(services.db)
    await answerWith(services, request, response, {
      changed,
      ...feedOf(services, reports, query, headOf(reports, query)),
    })
  }
}

type Head = Pick<Feed, 'id' | 'title' | 'startIndex' | 'itemsPerPage' | 'isComplete' | 'links'>

/**
 * Both feeds have the same frame, and entries that do not say where they are themselves (docs/wire.md, A profile entry;
 * Other resources).
 */
function feedOf({ atom }: HttpServices, { of, total, accounts }: Reports, { form }: PersonQuery, head: Head) {
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
