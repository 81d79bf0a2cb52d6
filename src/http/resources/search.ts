import { mediaType } from '../../atom/vocabulary.js'
import { findLastChange } from '../../people/change-store.js'
import { foldedEmail } from '../../people/merge.js'
import { type Found, type Search, searchAccounts } from '../../people/search-store.js'
import type { Handler } from '../answer.js'
import { admitViewer } from '../caller.js'
import { inChunks } from '../load.js'
import { readSearchQuery } from '../request/profiles.js'
import { numberedLinks } from '../response/paging.js'
import { digestOf, entityTag } from '../response/validators.js'
import type { HttpServices } from '../services.js'
import { newestOf } from './profiles.js'

/** Finds a page of the people that meet all criteria. E-mail addresses are not searched if the site hides them. */
export const findPeople = (
  { db, presenter }: HttpServices,
  query: ReturnType<typeof readSearchQuery>,
): Promise<Found> => searchAccounts(db, { ...query.search, presenter }, query)

/**
 * GET and HEAD of `search.do`: the people that meet all criteria. Inactive people are left out unless
 * `activeUsersOnly=false`.
 */
export function showSearch(services: HttpServices): Handler {
  const { atom, release } = services
  return async (exchange) => {
    const query = readSearchQuery(exchange.search)
    await admitViewer(services, exchange)
    await exchange.turn()
    const { total, accounts } = await findPeople(services, query)

    const changed = await findLastChange(services.db)
    const updated = newestOf(accounts) ?? changed
    const links = numberedLinks(atom.to.search, query, total)
    return {
      status: 200,
      type: `${mediaType.atom};charset=UTF-8`,
      validators: { tag: entityTag([release, links.self, total, accounts, updated]) },
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
    }
  }
}

/** The variable part of the feed's id. Equivalent criteria have the same one. */
const idOf = ({ words, named, isManager, isActive }: Search) =>
  digestOf([
    words.map(({ kind, word, match }) => [kind, word, match].join(' ')).toSorted(),
    named.map(({ by, value }) => [by, by === 'userId' || by === 'login' ? value : foldedEmail(value)]),
    isManager ?? null,
    isActive,
  ])
