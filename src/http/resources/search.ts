import type { RequestHandler } from 'express'
import { mediaType } from '../../atom/vocabulary.js'
import { findLastChange } from '../../people/change-store.js'
import { presenterFor } from '../../people/hide-email.js'
import { foldedEmail } from '../../people/merge.js'
import { type Found, type Search, searchAccounts } from '../../people/search-store.js'
import { readSearchQuery } from '../request/profiles.js'
import { numberedLinks } from '../response/paging.js'
import { answerWith, inChunks } from '../response/send.js'
import { digestOf } from '../response/validators.js'
import { type HttpServices, identifyViewer, searchOf } from '../services.js'
import { newestOf } from './profiles.js'

/** A page of the people who meet all criteria, as far as the site lets people be found. */
export const findPeople = (
  { db, config: { HIDE_EMAIL } }: HttpServices,
  query: ReturnType<typeof readSearchQuery>,
): Promise<Found> => searchAccounts(db, { ...query.search, presenter: presenterFor(HIDE_EMAIL) }, query)

/**
 * GET and HEAD of `search.do`: the people who meet all criteria. Inactive people are left out unless
 * `activeUsersOnly=false`.
 */
export function showSearch(services: HttpServices): RequestHandler {
  const { atom } = services
  return async (request, response) => {
    const query = readSearchQuery(searchOf(request))
    await identifyViewer(services, request)
    await services.load.turn(request, response)
    const { total, accounts } = await findPeople(services, query)

    const changed = await findLastChange(services.db)
    const updated = newestOf(accounts) ?? changed
    const links = numberedLinks(atom.to.search, query, total)
    await answerWith(services, request, response, {
      type: `${mediaType.atom};charset=UTF-8`,
      madeOf: [links.self, total, accounts, updated],
      changed,
      links,
      write: async () =>
        atom.feed({
          id: `search:${idOf(query.search)}`,
          title: `profiles where ${query.criteria.map(([name, value]) => ` ${name}=${value}`).join('')}`,
          updated,
          totalResults: total,
          startIndex: (query.page - 1) * query.pageSize + 1,
          itemsPerPage: query.pageSize,
          links,
          entries: await inChunks(accounts, (account) => atom.profiles.entry(account, query.form, { self: 'feed' })),
        }),
    })
  }
}

/** The same for the same criteria, whatever their order and case. */
const idOf = ({ words, named, isManager, isActive }: Search) =>
  digestOf([
    words.map(({ kind, word, match }) => [kind, word, match].join(' ')).toSorted(),
    named.map(({ by, value }) => [by, by === 'userId' || by === 'login' ? value : foldedEmail(value)]),
    isManager ?? null,
    isActive,
  ])
