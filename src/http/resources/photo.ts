import { mediaType } from '../../atom/vocabulary.js'
import { unknownPerson } from '../../connections/find.js'
import type { Account } from '../../people/account.js'
import { findPhotoOf, type PhotoVersion, readPhoto } from '../../people/photo-store.js'
import type { Answer, Handler, Written } from '../answer.js'
import { admitViewer, personMeant } from '../caller.js'
import { readPersonQuery } from '../request/profiles.js'
import { entityTag } from '../response/validators.js'
import type { HttpServices } from '../services.js'

/** GET and HEAD of `photo.do`: the photo of a person, or else an image of the person's initials. */
export function sendPhoto(services: HttpServices): Handler {
  return async (exchange) => {
    const query = readPersonQuery(exchange.search)
    const person = personMeant(await admitViewer(services, exchange), query.person)
    const found = await findPhotoOf(services.db, person)
    if (!found) throw unknownPerson('notFound')
    const { account, photo } = found
    return photo ? photoAnswer(services, account, photo) : portraitAnswer(services, account)
  }
}

function photoAnswer({ db, release, atom }: HttpServices, account: Account, photo: PhotoVersion): Answer {
  const tagOf = ({ changed, size }: PhotoVersion) => ({ tag: entityTag(['photo', account.key, changed, size]) })
  return {
    status: 200,
    isCompressed: true,
    validators: tagOf(photo),
    write: async (): Promise<Written> => {
      const current = await readPhoto(db, account.id)
      // The photo was deleted after the first query.
      if (!current) return { ...portrait(release, account), content: atom.portrait(account) }
      const { bytes, type, changed } = current
      return { type, validators: { ...tagOf(current), changed }, content: bytes }
    },
  }
}

const portraitAnswer = ({ release, atom }: HttpServices, account: Account): Answer => ({
  ...portrait(release, account),
  status: 200,
  write: () => atom.portrait(account),
})

const portrait = (release: string, { key, name }: Account) => ({
  type: mediaType.svg,
  validators: { tag: entityTag([release, 'portrait', key, name]) },
})
