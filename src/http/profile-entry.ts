import type { RequestHandler } from 'express'
import { mediaType } from '../atom/vocabulary.js'
import { answerWith } from './answer.js'
import { type Door, searchOf } from './door.js'
import { selfLink } from './paging.js'
import { readPersonQuery } from './profile-query.js'
import { accountAsked } from './viewer.js'

/** What real servers send of a person who is unknown: nothing but this, which clients take for their own 404. */
const nobody = '<?xml version="1.0" encoding="UTF-8"?>'

/** GET and HEAD of `profileEntry.do`: one profile as a document (wire reference, sections 3 and 4.7). */
export function showProfileEntry(door: Door): RequestHandler {
  const { atom } = door
  return async (request, response) => {
    const { person, form, parameters } = readPersonQuery(searchOf(request))
    const account = await accountAsked(door, request, person)
    await answerWith(door, request, response, {
      type: `${mediaType.atom};charset=UTF-8`,
      madeOf: [selfLink(atom.to.profileEntries, parameters), account],
      changed: account?.updated,
      write: () => (account ? atom.profiles.document(account, form) : nobody),
    })
  }
}
