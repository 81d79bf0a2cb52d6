import type { RequestHandler } from 'express'
import { mediaType } from '../../atom/vocabulary.js'
import { unknownPerson } from '../../connections/find.js'
import { findPhotoOf, type PhotoVersion, readPhoto } from '../../people/photo-store.js'
import { readPersonQuery } from '../request/profiles.js'
import { answeredNotModified, answerWith, sendBytes } from '../response/send.js'
import { entityTag } from '../response/validators.js'
import { type HttpServices, personAsked, searchOf } from '../services.js'

/** GET and HEAD of `photo.do`: somebody's own picture, or one of the initials. */
export function sendPhoto(services: HttpServices): RequestHandler {
  return async (request, response) => {
    const query = readPersonQuery(searchOf(request))
    const person = await personAsked(services, request, query.person)
    const found = await findPhotoOf(services.db, person)
    if (!found) throw unknownPerson('notFound')
    const { account, photo } = found
    if (photo) {
      const now = services.now()
      const tagOf = ({ changed, size }: PhotoVersion) => entityTag(['photo', account.key, changed, size], 'identity')
      if (answeredNotModified(request, response, { tag: tagOf(photo) }, now)) return
      const current = await readPhoto(services.db, account.id)
      if (current) return sendBytes(response, { ...current, validators: { ...current, tag: tagOf(current) }, now })
    }
    await answerWith(services, request, response, {
      type: mediaType.svg,
      madeOf: ['portrait', account.key, account.name],
      write: () => services.atom.portrait(account),
    })
  }
}
