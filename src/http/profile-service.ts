import type { RequestHandler } from 'express'
import { mediaType } from '../atom/vocabulary.js'
import { unknownPerson } from '../connections/find.js'
import { answerWith } from './answer.js'
import { type Door, searchOf } from './door.js'
import { selfLink } from './paging.js'
import { readPersonQuery } from './profile-query.js'
import { accountAsked } from './viewer.js'

/** GET and HEAD of `profileService.do`: from here a client finds the resources of a person (wire reference, section 8). */
export function showProfileService(door: Door): RequestHandler {
  const { atom } = door
  return async (request, response) => {
    const { person, parameters } = readPersonQuery(searchOf(request))
    const account = await accountAsked(door, request, person)
    if (!account) throw unknownPerson('invalid')
    await answerWith(door, request, response, {
      // The recorded servers put a blank here, unlike anywhere else.
      type: `${mediaType.service}; charset=UTF-8`,
      madeOf: [selfLink(atom.to.profileService, parameters), account],
      changed: account.updated,
      write: () => atom.service(account),
    })
  }
}
