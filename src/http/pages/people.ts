import { relationsTo, relationTo, unknownPerson } from '../../connections/find.js'
import { openList, readPicture } from '../../connections/list.js'
import { isOwner } from '../../connections/rules.js'
import { to } from '../../pages/links.js'
import { networkPage } from '../../pages/network.js'
import { personPage, type PersonPage } from '../../pages/person-page.js'
import { picturePage } from '../../pages/picture.js'
import { searchPage } from '../../pages/search.js'
import type { Account } from '../../people/account.js'
import { findAccount } from '../../people/store.js'
import type { Handler } from '../answer.js'
import { admit, admitViewer, personMeant } from '../caller.js'
import type { ConnectionsQuery } from '../request/lists.js'
import { readPersonQuery, readSearchQuery } from '../request/profiles.js'
import { longPage } from '../resources/lists.js'
import { findPeople } from '../resources/search.js'
import { numberedLinks, pageLinks } from '../response/paging.js'
import type { HttpServices } from '../services.js'
import { feedOf, frameFor, pageAnswer, placeOf } from './page.js'

/** GET and HEAD of `/html/profileView.do`: the page of a person. */
export function showPersonPage(services: HttpServices): Handler {
  return async (exchange) => {
    const { person } = readPersonQuery(exchange.search)
    const caller = await admitViewer(services, exchange)
    const account = await findAccount(services.db, personMeant(caller, person))
    if (!account) throw unknownPerson('notFound')
    const values = {
      ...(await frameFor(services, exchange, caller)),
      person: account,
      standing: await relationTo(services, caller, account),
      shared: caller && caller.id !== account.id ? await sharedBy(services, caller, account) : undefined,
    }
    return pageAnswer(services, exchange, values, personPage)
  }
}

const maxShared = 12

/** The colleagues that the caller has in common with a person: their number, and the first of them by name. */
async function sharedBy(services: HttpServices, caller: Account, person: Account): Promise<PersonPage['shared']> {
  const request = {
    person: { by: 'key', value: caller.key },
    inCommonWith: { by: 'key', value: person.key },
    status: 'accepted',
    since: undefined,
    order: { by: 'name', descending: false },
    page: 1,
    pageSize: maxShared,
    position: undefined,
    countPending: false,
  } as const
  const { read } = await openList(services, caller, request)
  const { total, colleagues } = await read()
  return { total, people: colleagues.map(({ peer }) => peer), with: caller.key }
}

/**
 * GET and HEAD of a list by a browser: shows the content of the feed as a page.
 *
 * @param parse reads the parameters of the list
 */
export function showNetworkPage(services: HttpServices, parse: (search: string) => ConnectionsQuery): Handler {
  return async (exchange) => {
    const query = parse(exchange.search)
    const caller = await admit(services, exchange)
    const { state, read } = await openList(services, caller, query.list)
    if (query.list.pageSize > longPage) await exchange.turn()
    const page = await read()
    const { status, inCommonWith } = query.list
    const other = inCommonWith && (await findAccount(services.db, inCommonWith))
    const isMine = isOwner(caller, state.ownerId) && !other
    const peers = page.colleagues.map(({ peer }) => peer)
    const standing = await relationsTo(services, isMine ? null : caller, peers)
    const frame = await frameFor(services, exchange, caller)
    const values = {
      ...frame,
      owner: page.owner,
      other,
      status,
      totals: isMine ? frame.viewer?.totals : undefined,
      total: page.total,
      colleagues: page.colleagues.map((colleague) => ({ ...colleague, standing: standing(colleague.peer) })),
      around: pageLinks(`..${exchange.path}`, query, page, services.presenter),
      feed: feedOf(exchange),
    }
    return pageAnswer(services, exchange, values, networkPage)
  }
}

/** GET and HEAD of `/html/picture.do`: a person's network as a picture. */
export function showPicture(services: HttpServices): Handler {
  return async (exchange) => {
    const { person } = readPersonQuery(exchange.search)
    const caller = await admit(services, exchange)
    await exchange.turn()
    const picture = await readPicture(services, caller, person)
    const values = { ...(await frameFor(services, exchange, caller)), ...picture }
    return pageAnswer(services, exchange, values, picturePage)
  }
}

/** GET and HEAD of `search.do` by a browser: the people found, each with the actions that the caller may take. */
export function showSearchPage(services: HttpServices): Handler {
  return async (exchange) => {
    const query = readSearchQuery(exchange.search)
    const caller = await admitViewer(services, exchange)
    await exchange.turn()
    const { total, accounts } = await findPeople(services, query)
    const standing = await relationsTo(services, caller, accounts)
    const words = query.criteria.map(([, value]) => value).join(' ')
    const values = {
      ...(await frameFor(services, exchange, caller)),
      words,
      total,
      people: accounts.map((person) => ({ person, standing: standing(person) })),
      around: numberedLinks(to.search, query, total),
      feed: placeOf(exchange),
    }
    return pageAnswer(services, exchange, values, searchPage)
  }
}
