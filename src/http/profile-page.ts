import type { RequestHandler } from 'express'
import { profilePagePolicy } from '../atom/profile-page.js'
import { mediaType } from '../atom/vocabulary.js'
import { unknownPerson } from '../connections/find.js'
import { answerWith } from './answer.js'
import { type Door, searchOf } from './door.js'
import { readPersonQuery } from './profile-query.js'
import { accountAsked } from './viewer.js'

/** GET and HEAD of `/html/profileView.do`: a person's page, to which every profile entry links as `related`. */
export function showProfilePage(door: Door): RequestHandler {
  return async (request, response) => {
    const { person } = readPersonQuery(searchOf(request))
    const account = await accountAsked(door, request, person)
    if (!account) throw unknownPerson('notFound')
    await answerWith(door, request, response, {
      type: `${mediaType.html};charset=UTF-8`,
      madeOf: ['page', account],
      changed: account.updated,
      fields: { 'Content-Security-Policy': profilePagePolicy },
      write: () => door.atom.profilePage(account),
    })
  }
}
