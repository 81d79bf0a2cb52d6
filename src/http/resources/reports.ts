import type { Feed } from '../../atom/feed.js'
import { mediaType } from '../../atom/vocabulary.js'
import { unknownPerson } from '../../connections/find.js'
import type { PersonRef } from '../../people/account.js'
import { findLastChange } from '../../people/change-store.js'
import { findChain, findManaged, maxChain, type Reports } from '../../people/managers-store.js'
import type { Answer, Handler } from '../answer.js'
import { admitViewer, personMeant } from '../caller.js'
import { inChunks } from '../load.js'
import { type PersonQuery, readPersonQuery } from '../request/profiles.js'
import { numberedLinks, selfLink } from '../response/paging.js'
import { entityTag } from '../response/validators.js'
import type { HttpServices } from '../services.js'
import { newestOf } from './profiles.js'

/** GET and HEAD of `peopleManaged.do`: the people that a person manages, in pages. */
export const showManaged = (services: HttpServices): Handler =>
  showReports(services, findManaged, (reports, query) => ({
    id: `managed:${reports.of.key}`,
    title: `people managed by ${reports.of.name}`,
    startIndex: (query.page - 1) * query.pageSize + 1,
    itemsPerPage: query.pageSize,
    isComplete: reports.accounts.length === reports.total,
    links: numberedLinks(services.atom.to.peopleManaged, query, reports.total),
  }))

/** GET and HEAD of `reportingChain.do`: a person and the managers above them, nearest first, all on one page. */
export const showChain = (services: HttpServices): Handler =>
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
  headOf: (reports: Reports, query: PersonQuery) => FeedHead,
): Handler {
  return async (exchange) => {
    const query = readPersonQuery(exchange.search)
    const person = personMeant(await admitViewer(services, exchange), query.person)
    await exchange.turn()
    const reports = await find(services.db, person, query)
    if (!reports) throw unknownPerson()
    const changed = await findLastChange(services.db)
    return { ...feedOf(services, reports, query, headOf(reports, query)), changed }
  }
}

type FeedHead = Pick<Feed, 'id' | 'title' | 'startIndex' | 'itemsPerPage' | 'isComplete' | 'links'>

/**
 * Both feeds have the same structure, and their entries have no self link (docs/wire.md, A profile entry; Other
 * resources).
 */
function feedOf(
  { atom, release }: HttpServices,
  { of, total, accounts }: Reports,
  { form }: PersonQuery,
  head: FeedHead,
): Answer {
  return {
    status: 200,
    type: `${mediaType.atom};charset=UTF-8`,
    validators: { tag: entityTag([release, head.links.self, of, total, accounts]) },
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
