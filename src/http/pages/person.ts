import type { RequestHandler } from 'express'
import type { Account } from '../../accounts/account.js'
import { findAccount } from '../../accounts/store.js'
import { unknownPerson } from '../../connections/find.js'
import { openList, readList } from '../../connections/list.js'
import { standingWith } from '../../connections/standing.js'
import { personPage, type PersonPage } from '../../pages/person-page.js'
import { type Door, searchOf } from '../door.js'
import { readPersonQuery } from '../profile-query.js'
import { identifyViewer, personMeant } from '../viewer.js'
import { answerWithPage, frameFor } from './answer-page.js'

/** GET and HEAD of `/html/profileView.do`: a person's page, to which every entry links. */
export function showPersonPage(door: Door): RequestHandler {
  return async (request, response) => {
    const { person } = readPersonQuery(searchOf(request))
    const caller = await identifyViewer(door, request)
    const account = await findAccount(door.db, personMeant(caller, person))
    if (!account) throw unknownPerson('notFound')
    const values = {
      ...(await frameFor(door, request, caller)),
      person: account,
      standing: await standingWith(door, caller, account),
      shared: caller && caller.id !== account.id ? await sharedBy(door, caller, account) : undefined,
    }
    await answerWithPage(door, request, response, values, personPage)
  }
}

const mostShared = 12

/** The first colleagues that the caller has in common with a person. */
async function sharedBy(door: Door, caller: Account, person: Account): Promise<PersonPage['shared']> {
  const request = {
    person: { by: 'key', value: caller.key },
    inCommonWith: { by: 'key', value: person.key },
    status: 'accepted',
    since: undefined,
    order: { by: 'name', descending: false },
    page: 1,
    pageSize: mostShared,
    position: undefined,
    countPending: false,
  } as const
  const network = await openList(door, caller, request)
  const { total, colleagues } = await readList(door, caller, network, request)
  return { total, people: colleagues.map(({ peer }) => peer), with: caller.key }
}
