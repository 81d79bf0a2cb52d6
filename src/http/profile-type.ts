import type { RequestHandler } from 'express'
import { profileTypes } from '../atom/profile-type.js'
import { mediaType } from '../atom/vocabulary.js'
import { Failure } from '../errors.js'
import { answerWith } from './answer.js'
import { type Door, searchOf } from './door.js'
import { readParameters, valueOf } from './parameters.js'
import { wordAmong } from './values.js'
import { identifyViewer } from './viewer.js'

/** GET and HEAD of `profileType.do`: which properties profiles have. Without `type` it is `default`. */
export function showProfileType(door: Door): RequestHandler {
  return async (request, response) => {
    const name = valueOf(readParameters(searchOf(request)), 'type')?.trim() ?? 'default'
    await identifyViewer(door, request)
    const type = wordAmong(name, profileTypes)
    if (!type) throw new Failure('notFound', `There is no such profile type, but there is ${profileTypes.join(', ')}.`)
    await answerWith(door, request, response, {
      type: `${mediaType.profileType};charset=UTF-8`,
      madeOf: ['profileType', type],
      write: () => door.atom.profileType(type),
    })
  }
}
