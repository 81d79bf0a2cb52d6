import type { RequestHandler } from 'express'
import { readInvitation } from '../atom/invitation.js'
import { invite } from '../connections/invite.js'
import { signedIn } from '../connections/rules.js'
import { Failure } from '../errors.js'
import { bodyOf } from './body.js'
import { readInvited } from './connection-query.js'
import { type Door, searchOf } from './door.js'
import { sendNothing } from './respond.js'

/**
 * POST of `connections.do`: invites the person whom the address names (wire reference, section 5.2). The status of the
 * entry is always `pending`; some clients do not say so.
 *
 * @param status of the answer: 201, or where a client knows no other, 200
 */
export function inviteColleague(door: Door, status: 200 | 201): RequestHandler {
  return async (request, response) => {
    const person = readInvited(searchOf(request))
    const caller = signedIn(await door.identify(request))
    const invitation = readInvitation(bodyOf(request), request.headers['content-type'])
    if (invitation.status === 'accepted') {
      throw new Failure('invalid', 'An invitation begins as pending; only the invited person can accept it.')
    }
    const id = await invite(door, caller, person, invitation.message)
    response.setHeader('Location', door.atom.to.connection(id))
    sendNothing(response, status)
  }
}
