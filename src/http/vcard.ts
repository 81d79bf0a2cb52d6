import type { RequestHandler } from 'express'
import type { Account } from '../accounts/account.js'
import { mediaType } from '../atom/vocabulary.js'
import { unknownPerson } from '../connections/find.js'
import { answerWith } from './answer.js'
import { type Door, searchOf } from './door.js'
import { readPersonQuery } from './profile-query.js'
import { accountAsked } from './viewer.js'

/** GET and HEAD of `/vcard/profile.do`: a profile as a file for address books (wire reference, section 8). */
export function sendVcard(door: Door): RequestHandler {
  return async (request, response) => {
    const { person } = readPersonQuery(searchOf(request))
    const account = await accountAsked(door, request, person)
    if (!account) throw unknownPerson('notFound')
    await answerWith(door, request, response, {
      type: `${mediaType.vcard};charset=UTF-8`,
      madeOf: ['vcard', door.baseUrl, account],
      changed: account.updated,
      fields: { 'Content-Disposition': `attachment; filename="${fileNameOf(account)}.vcf"` },
      write: () => door.atom.vcardFile(account),
    })
  }
}

/** The user id where it can be the name of a file anywhere, and the key where it cannot. */
const fileNameOf = ({ userId, key }: Account) => (/^\w[\w.-]{0,63}$/.test(userId) ? userId : key)
