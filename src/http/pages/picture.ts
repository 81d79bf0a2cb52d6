import type { RequestHandler } from 'express'
import { readPicture } from '../../connections/picture.js'
import { picturePage } from '../../pages/picture-page.js'
import { type Door, searchOf } from '../door.js'
import { readPersonQuery } from '../profile-query.js'
import { answerWithPage, frameFor } from './answer-page.js'

/** GET and HEAD of `/html/picture.do`: somebody's network as a picture. */
export function showPicture(door: Door): RequestHandler {
  return async (request, response) => {
    const { person } = readPersonQuery(searchOf(request))
    const caller = await door.identify(request)
    await door.load.turn(request, response)
    const picture = await readPicture(door, caller, person)
    const values = { ...(await frameFor(door, request, caller)), ...picture }
    await answerWithPage(door, request, response, values, picturePage)
  }
}
