import type { RequestHandler } from 'express'
import { relationsTo, relationTo, unknownPerson } from '../../connections/find.js'
import { openList, readList, readPicture } from '../../connections/list.js'
import { isOwner } from '../../connections/rules.js'
import { to } from '../../pages/links.js'
import { networkPage } from '../../pages/network.js'
import { personPage, type PersonPage } from '../../pages/person-page.js'
import { picturePage } from '../../pages/picture.js'
import { searchPage } from '../../pages/search.js'
import type { Account } from '../../people/account.js'
import { findAccount } from '../../people/store.js'
import type { ConnectionsQuery } from '../request/lists.js'
import { readPersonQuery, readSearchQuery } from '../request/profiles.js'
import { type ListResource, longPage } from '../resources/lists.js'
import { findPeople } from '../resources/search.js'
import { numberedLinks, pageLinks } from '../response/paging.js'
import { type HttpServices, identifyViewer, personMeant, searchOf } from '../services.js'
import { answerWithPage, feedOf, frameFor, placeOf } from './page.js'

/** GET and HEAD of `/html/profileView.do`: a person's page, to which every entry links. */
export function showPersonPage(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const { person } = readPersonQuery(searchOf(request))
    const caller = await identifyViewer(services, request)
    const account = await findAccount(services.db, personMeant(caller, person))
    if (!account) throw unknownPerson('notFound')
    const values = {
      ...(await frameFor(services, request, caller)),
      person: account,
      standing: await relationTo(services, caller, account),
      shared: caller && caller.id !== account.id ? await sharedBy(services, caller, account) : undefined,
    }
    await answerWithPage(services, request, response, values, personPage)
  }
}

const maxShared = 12

/** The first colleagues that the caller has in common with a person. */
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
  const network = await openList(services, caller, request)
  const { total, colleagues } = await readList(services, caller, network, request)
  return { total, people: colleagues.map(({ peer }) => peer), with: caller.key }
}

/** GET and HEAD of a list by a browser: the page of what the feed at the same address holds. */
export function showNetworkPage<Query extends ConnectionsQuery>(
  services: HttpServices,
  { read }: Pick<ListResource<Query>, 'read'>,
): RequestHandler {
  return async (request, response) => {
    const query = read(searchOf(request))
    const caller = await services.identify(request)
    const network = await openList(services, caller, query.list)
    if (query.list.pageSize > longPage) await services.load.turn(request, response)
    const page = await readList(services, caller, network, query.list)
    const { status, inCommonWith } = query.list
    const other = inCommonWith && (await findAccount(services.db, inCommonWith))
    const isMine = isOwner(caller, network.ownerId) && !other
    const peers = page.colleagues.map(({ peer }) => peer)
    const standing = await relationsTo(services, isMine ? null : caller, peers)
    const frame = await frameFor(services, request, caller)
    const values = {
      ...frame,
      owner: page.owner,
      other,
      status,
      totals: isMine ? frame.viewer?.totals : undefined,
      total: page.total,
      colleagues: page.colleagues.map((colleague) => ({ ...colleague, standing: standing(colleague.peer) })),
      around: pageLinks(`..${request.path}`, query, page, services.config.HIDE_EMAIL),
      feed: feedOf(request),
    }
    await answerWithPage(services, request, response, values, networkPage)
  }
}

/** GET and HEAD of `/html/picture.do`: somebody's network as a picture. */
export function showPicture(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const { person } = readPersonQuery(searchOf(request))
    const caller = await services.identify(request)
    await services.load.turn(request, response)
    const picture = await readPicture(services, caller, person)
    const values = { ...(await frameFor(services, request, caller)), ...picture }
    await answerWithPage(services, request, response, values, picturePage)
  }
}

/** GET and HEAD of `search.do` by a browser: the people found, each with what there is to do. */
export function showSearchPage(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const query = readSearchQuery(searchOf(request))
    const caller = await identifyViewer(services, request)
    await services.load.turn(request, response)
    const { total, accounts } = await findPeople(services, query)
    const standing = await relationsTo(services, caller, accounts)
    const words = query.criteria.map(([, value]) => value).join(' ')
    const values = {
      ...(await frameFor(services, request, caller)),
      words,
      total,
      people: accounts.map((person) => ({ person, standing: standing(person) })),
      around: numberedLinks(to.search, query, total),
      feed: placeOf(request),
    }
    await answerWithPage(services, request, response, values, searchPage)
  }
}
