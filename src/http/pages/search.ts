import type { RequestHandler } from 'express'
import { standingsWith } from '../../connections/standing.js'
import { searchPage } from '../../pages/search-page.js'
import { to } from '../../pages/to.js'
import { type Door, searchOf } from '../door.js'
import { numberedLinks } from '../paging.js'
import { readSearchQuery } from '../search-query.js'
import { findPeople } from '../search.js'
import { identifyViewer } from '../viewer.js'
import { answerWithPage, frameFor, placeOf } from './answer-page.js'

/** GET and HEAD of `search.do` by a browser: the people found, each with what there is to do. */
export function showSearchPage(door: Door): RequestHandler {
  return async (request, response) => {
    const query = readSearchQuery(searchOf(request))
    const caller = await identifyViewer(door, request)
    await door.load.turn(request, response)
    const { total, accounts } = await findPeople(door, query)
    const standing = await standingsWith(door, caller, accounts)
    const words = query.criteria.map(([, value]) => value).join(' ')
    const values = {
      ...(await frameFor(door, request, caller)),
      words,
      total,
      people: accounts.map((person) => ({ person, standing: standing(person) })),
      around: numberedLinks(to.search, query, total),
      feed: placeOf(request),
    }
    await answerWithPage(door, request, response, values, searchPage)
  }
}
